// SPDX-License-Identifier: Apache-2.0
/// Numbers as people read them.
enum Quantity {
    /// "33,759"
    static func grouped(_ number: some BinaryInteger) -> String {
        let digits = String(number.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return number < 0 ? "-" + text : text
    }

    /// "1 article", "33,759 articles"
    ///
    /// - Parameter plural: where it is not the noun with an "s".
    static func count(_ number: some BinaryInteger, _ noun: String, _ plural: String? = nil) -> String {
        grouped(number) + " " + (number == 1 ? noun : plural ?? noun + "s")
    }

    /// "1.5 MiB"
    static func bytes(_ count: some BinaryInteger) -> String {
        var value = Double(count)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1024 { return unit == "B" ? "\(count) B" : fixed(value, 1) + " " + unit }
            value /= 1024
        }
        return fixed(value, 1) + " TiB"
    }

    /// "850 ns", "12.5 µs", "3.20 ms", "1.50 s"
    static func duration(nanoseconds: Double) -> String {
        switch nanoseconds {
        case ..<1000: fixed(nanoseconds, 0) + " ns"
        case ..<1_000_000: fixed(nanoseconds / 1000, 1) + " µs"
        case ..<1_000_000_000: fixed(nanoseconds / 1_000_000, 2) + " ms"
        default: fixed(nanoseconds / 1_000_000_000, 2) + " s"
        }
    }

    /// "3 d 4 h", "5 min 12 s"
    static func span(seconds: Int64) -> String {
        let seconds = max(0, seconds)
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3600: return "\(seconds / 60) min \(seconds % 60) s"
        case ..<86400: return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        default: return "\(seconds / 86400) d \(seconds % 86400 / 3600) h"
        }
    }

    /// How long ago a time was, in at most ten columns: "45 s ago", "3 min ago", "17 y ago"; "in 2 h" for one to come.
    ///
    /// - Parameters:
    ///   - time: milliseconds since 1970, and so is `now`.
    static func age(of time: Int64, now: Int64) -> String {
        // Either may be anything that a peer says.
        let (difference, overflows) = now.subtractingReportingOverflow(time)
        let milliseconds = overflows ? (now < time ? Int64.min : .max) : difference
        let seconds = milliseconds.magnitude / 1000
        if seconds == 0 { return "just now" }
        let day: UInt64 = 86400
        let text =
            switch seconds {
            case ..<60: "\(seconds) s"
            case ..<3600: "\(seconds / 60) min"
            case ..<(2 * day): "\(seconds / 3600) h"
            case ..<(14 * day): "\(seconds / day) d"
            case ..<(61 * day): "\(seconds / (7 * day)) wk"
            case ..<(731 * day): "\(seconds * 1200 / (day * 36525)) mo"
            case ..<(10_000 * 365 * day): "\(seconds * 100 / (day * 36525)) y"
            default: "ages"
            }
        return milliseconds < 0 ? "in " + text : text + " ago"
    }

    /// "1:05:09", "00:42"
    static func clock(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 360_000 else { return "--:--" }
        let total = Int(max(0, seconds.rounded()))
        let tail = two(total / 60 % 60) + ":" + two(total % 60)
        return total >= 3600 ? "\(total / 3600):" + tail : tail
    }

    static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// A number with `digits` decimals, at most six.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        let scale = [1.0, 10, 100, 1000, 10_000, 100_000, 1_000_000][max(0, min(6, digits))]
        let scaled = (value.magnitude * scale).rounded()
        guard scaled.isFinite, scaled < 9e15 else { return "\(value)" }
        let whole = UInt64(scaled)
        let sign = value < 0 && whole > 0 ? "-" : ""
        guard digits > 0 else { return sign + "\(whole)" }
        let fraction = String(whole % UInt64(scale))
        return sign + "\(whole / UInt64(scale))." + String(repeating: "0", count: max(0, digits - fraction.count))
            + fraction
    }
}
