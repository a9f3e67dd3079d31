import CLinux
internal import Glibc

/// A line on the terminal that says how far a long command is: count, share, rate, time left.
struct Progress {
    /// A terminal is watching.
    private let shown: Bool
    private let started = clinux_now()
    private var drawn: UInt64 = 0
    private var visible = false

    init(shown: Bool) { self.shown = shown }

    /// Seconds since the beginning.
    var elapsed: Double { Double(clinux_now() - started) / 1e9 }

    /// - Parameter fraction: how much of the whole is done, 0 to 1; nil if the whole is not known.
    mutating func show(count: Int, fraction: Double?) {
        let now = clinux_now()
        guard shown, now - drawn >= 100_000_000 else { return }
        drawn = now
        visible = true
        let columns = Terminal.columns(STDERR_FILENO) ?? 80
        Complaint.write(
            "\r\u{1b}[K" + Self.line(count: count, fraction: fraction, elapsed: elapsed, width: columns - 1))
    }

    /// Takes the line away before something else is written to the terminal.
    mutating func clear() {
        guard visible else { return }
        visible = false
        drawn = 0
        Complaint.write("\r\u{1b}[K")
    }

    static func line(count: Int, fraction: Double?, elapsed: Double, width: Int) -> String {
        let rate = elapsed > 0 ? Double(count) / elapsed : 0
        var line = "\(Quantity.grouped(count)) articles  \(Quantity.grouped(Int(rate)))/s"
        guard let fraction = fraction.map({ min(1, max(0, $0)) }) else { return line.cut(to: width) }
        let left = fraction > 0 ? elapsed / fraction - elapsed : .infinity
        line += "  \(Int(fraction * 100)) %  \(Quantity.clock(seconds: left)) left"
        let room = min(40, width - line.count - 4)
        guard room >= 10 else { return line.cut(to: width) }
        let filled = Int(Double(room) * fraction)
        return "[" + String(repeating: "=", count: filled) + String(repeating: " ", count: room - filled) + "]  " + line
    }
}

/// A line on the terminal that says what a long computation is at: "learning, with marks  40 %".
final class StageLine {
    private let shown: Bool
    private var drawn: UInt64 = 0
    private var visible = false

    init(shown: Bool) { self.shown = shown }

    func show(_ stage: String, _ fraction: Double) {
        let now = clinux_now()
        guard shown, now - drawn >= 100_000_000 else { return }
        drawn = now
        visible = true
        Complaint.write("\r\u{1b}[K" + Sanitised.text("\(Int(fraction * 100)) %  \(stage)"))
    }

    /// Takes the line away before something else is written to the terminal.
    func clear() {
        guard visible else { return }
        visible = false
        drawn = 0
        Complaint.write("\r\u{1b}[K")
    }
}
