// SPDX-License-Identifier: Apache-2.0
import ArticleText
import CLinux
internal import Glibc

/// Times as text; in memory they are milliseconds since 1970-01-01T00:00:00Z.
enum TimeText {
    /// RFC 3339 in UTC: "2009-06-15T03:20:00Z", with milliseconds if there are any.
    static func rfc3339(_ time: Int64) -> String {
        let (date, clock) = parts(time)
        let milliseconds = clock % 1000
        let fraction = milliseconds == 0 ? "" : "." + digits(Int(milliseconds), 3)
        return day(date) + "T" + hours(clock) + ":" + digits(Int(clock / 1000 % 60), 2) + fraction + "Z"
    }

    /// For people, in the zone of this machine: "2009-06-15 10:20".
    static func local(_ time: Int64) -> String {
        let (date, clock) = parts(shown(time) + offset(of: shown(time)))
        return day(date) + " " + hours(clock)
    }

    /// The day alone.
    static func localDay(_ time: Int64) -> String { day(parts(shown(time) + offset(of: shown(time))).0) }

    /// A peer may send any number: the nearest time that has a date, so that no sum or difference overflows.
    private static func shown(_ time: Int64) -> Int64 { min(max(time, -100_000_000_000_000), 300_000_000_000_000) }

    private static func parts(_ time: Int64) -> ((year: Int, month: Int, day: Int), Int64) {
        let time = shown(time)
        let day = time >= 0 ? time / 86_400_000 : (time - 86_399_999) / 86_400_000
        return (CivilDate.date(ofDay: day), time - day * 86_400_000)
    }

    private static func day(_ date: (year: Int, month: Int, day: Int)) -> String {
        digits(date.year, 4) + "-" + digits(date.month, 2) + "-" + digits(date.day, 2)
    }

    private static func hours(_ clock: Int64) -> String {
        digits(Int(clock / 3_600_000), 2) + ":" + digits(Int(clock / 60_000 % 60), 2)
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    /// This machine's time zone at a time.
    static func minutesEastOfUTC(at time: Int64) -> Int64 { offset(of: time) / 60_000 }

    /// The offset of this machine's zone from UTC at that time, in milliseconds.
    private static func offset(of time: Int64) -> Int64 {
        var seconds = time_t(clamping: time / 1000)
        var fields = unsafe tm()
        guard unsafe localtime_r(&seconds, &fields) != nil else { return 0 }
        return unsafe Int64(fields.tm_gmtoff) * 1000
    }

    /// "2009-06-15", "2009-06-15 10:20", "2009-06-15T10:20:30.5+07:00", "2009-06-15T03:20:00Z".
    ///
    /// - Parameter zone: for a text without a zone.
    /// - Returns: nil if it is not a time in the years 1 to 9999.
    static func parse(_ text: String, zone: Zone) -> Int64? {
        var rest = Array(text.utf8)[...]
        guard let year = take(4, &rest), skip("-", &rest), let month = take(2, &rest), skip("-", &rest),
            let day = take(2, &rest), let days = CivilDate.days(year: year, month: month, day: day)
        else { return nil }
        var time = days * 86_400_000
        var known = false
        if !rest.isEmpty {
            guard skip("T", &rest) || skip("t", &rest) || skip(" ", &rest), let clock = takeClock(&rest) else {
                return nil
            }
            time += clock
            if let ahead = takeZone(&rest) {
                time -= ahead
                known = true
            }
        }
        guard rest.isEmpty else { return nil }
        return known || zone == .utc ? time : time - offset(of: time - offset(of: time))
    }

    enum Zone { case utc, local }

    /// The same, and "7d", "36h", "90m" before now: what `--from` and `--until` take.
    static func parseOption(_ text: String, now: Int64 = clinux_wall_clock_ms()) -> Int64? {
        let units: [Character: Int64] = ["m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000]
        if let last = text.last, let unit = units[last], let count = Int64(text.dropLast()),
            (0...1_000_000).contains(count)
        {
            return now - count * unit
        }
        return parse(text, zone: .local)
    }

    private static func takeClock(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard let hour = take(2, &rest), hour < 24, skip(":", &rest), let minute = take(2, &rest), minute < 60 else {
            return nil
        }
        var clock = Int64(hour * 60 + minute) * 60_000
        guard skip(":", &rest) else { return clock }
        guard let second = take(2, &rest), second <= 60 else { return nil }
        clock += Int64(second) * 1000
        guard skip(".", &rest) || skip(",", &rest) else { return clock }
        var scale: Int64 = 100
        var any = false
        while let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            clock += Int64(byte - UInt8(ascii: "0")) * scale
            scale /= 10
            any = true
            rest.removeFirst()
        }
        return any ? clock : nil
    }

    private static func takeZone(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        if skip("Z", &rest) || skip("z", &rest) { return 0 }
        let behind = rest.first == UInt8(ascii: "-")
        guard behind || rest.first == UInt8(ascii: "+") else { return nil }
        var ahead = rest.dropFirst()
        guard let hours = take(2, &ahead), hours < 24 else { return nil }
        _ = skip(":", &ahead)
        guard let minutes = ahead.isEmpty ? 0 : take(2, &ahead), minutes < 60 else { return nil }
        rest = ahead
        return Int64(hours * 60 + minutes) * (behind ? -60_000 : 60_000)
    }

    private static func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> Int? {
        guard rest.count >= count else { return nil }
        var number = 0
        for byte in rest.prefix(count) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        rest = rest.dropFirst(count)
        return number
    }

    private static func skip(_ character: Character, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.first == character.asciiValue else { return false }
        rest = rest.dropFirst()
        return true
    }
}
