// SPDX-License-Identifier: Apache-2.0
internal import SearchText

/// Texts in the form in which they are compared as a whole.
enum FoldedValue {
    /// A source's folded words, with blanks between them.
    static func source(_ source: String) -> String { joined(source, " ") }

    /// A language's tag.
    static func language(_ tag: String) -> String { joined(tag, "-") }

    private static func joined(_ text: String, _ separator: String) -> String {
        let list = TokenList(text)
        return (0..<list.count).map { list.folded($0) }.joined(separator: separator)
    }

    /// The month of a time, in UTC: `2024-05`.
    static func month(_ milliseconds: Int64) -> String {
        let day = milliseconds.dividedRoundingDown(by: 86_400_000) + 719_468
        let era = day.dividedRoundingDown(by: 146_097)
        let ofEra = day - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * ofYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(padded(year, 4))-\(padded(month, 2))"
    }

    private static func padded(_ number: Int64, _ size: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, size - digits.utf8.count)) + digits
    }
}

extension Int64 {
    fileprivate func dividedRoundingDown(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : (self + 1) / divisor - 1
    }
}
