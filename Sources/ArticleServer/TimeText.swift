// SPDX-License-Identifier: Apache-2.0
/// Durations as text.
public enum TimeText {
    static let units: [(name: String, milliseconds: Double)] = [
        ("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000),
    ]

    /// "250 ms", "10 s", "5 min"
    public static func of(nanoseconds: UInt64) -> String {
        let milliseconds = nanoseconds / 1_000_000
        if milliseconds >= 60_000, milliseconds % 60_000 == 0 { return "\(milliseconds / 60_000) min" }
        if milliseconds >= 1000, milliseconds % 1000 == 0 { return "\(milliseconds / 1000) s" }
        return "\(milliseconds) ms"
    }

    /// The duration of such a text, with or without the space; nil if it is not one, or more than a year.
    public static func nanoseconds(_ text: String) -> UInt64? {
        guard let milliseconds = Quantity.parse(text, units: units.map { ($0.name, $0.milliseconds) }) else {
            return nil
        }
        return milliseconds <= 31_536_000_000 ? UInt64(milliseconds * 1_000_000) : nil
    }
}
