/// What the parts of this module ask of words. Comparisons are of Swift strings, and so by canonical equivalence: NFC and
/// NFD are the same.
extension StringProtocol {
    /// In lower case, with each run of white space as one space and none around it.
    var folded: String {
        lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Without white space around it.
    var trimmed: SubSequence {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else {
            return self[startIndex..<startIndex]
        }
        return self[first...last]
    }

    var beginsUppercase: Bool { first?.isUppercase ?? false }

    /// "mic.gov.vn", "VTV.vn", "24h.com.vn"
    var isDomain: Bool {
        let labels = split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, let last = labels.last, (2...12).contains(last.count), last.allSatisfy(\.isASCIILetter)
        else { return false }
        // "T.H" and "P.Q.H" are initials.
        guard labels.contains(where: { $0.count > 2 }) else { return false }
        return labels.allSatisfy { label in
            !label.isEmpty && label.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == "-" }
        }
    }

    /// "TTXVN", "NLĐ", "SGGPO": 2 to 8 capitals.
    var isAcronym: Bool { (2...8).contains(count) && allSatisfy { $0.isLetter && $0.isUppercase } }
}

extension Character {
    var isASCIILetter: Bool { isASCII && isLetter }
    var isASCIIDigit: Bool { isASCII && isNumber }
    /// Hyphens and dashes that stand between a dateline and its text.
    var isDash: Bool { ["-", "‐", "‑", "‒", "–", "—", "―", "−", "－"].contains(self) }
}
