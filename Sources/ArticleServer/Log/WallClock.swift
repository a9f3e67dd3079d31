internal import CLinux
internal import Glibc

/// The time of day, for people.
enum WallClock {
    /// "21:30:05.017" in the local time zone.
    static func timeOfDay() -> String {
        let milliseconds = clinux_wall_clock_ms()
        var seconds = time_t(milliseconds / 1000)
        var parts = unsafe tm()
        guard unsafe localtime_r(&seconds, &parts) != nil else { return "--:--:--.---" }
        return unsafe "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
            + ".\(padded(Int(abs(milliseconds % 1000)), 3))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
