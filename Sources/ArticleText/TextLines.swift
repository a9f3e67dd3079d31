// SPDX-License-Identifier: Apache-2.0
/// The lines of a text, as ranges of its bytes.
///
/// Lines end with LF, CRLF or CR. White space around the content (spaces of all widths, tabs, form feeds, a byte order
/// mark) does not belong to it. Empty lines are not listed, but the next line knows about them.
struct TextLines {
    struct Line: Equatable {
        /// The content without white space around it; never empty.
        let content: Range<Int>
        /// Whether an empty line or the start of the text precedes it.
        let isSetApart: Bool
    }

    let bytes: [UInt8]
    let lines: [Line]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var lines: [Line] = []
        var start = 0
        var apart = true
        let span = bytes.span
        for end in 0...span.count {
            guard end == span.count || span[end] == 0x0a || span[end] == 0x0d else { continue }
            // Between CR and LF there is no empty line.
            let withinBreak = end == start && end > 0 && end < span.count && span[end] == 0x0a && span[end - 1] == 0x0d
            if let content = Self.trim(start..<end, of: bytes) {
                lines.append(Line(content: content, isSetApart: apart))
                apart = false
            } else if !withinBreak {
                apart = true
            }
            start = end + 1
        }
        self.lines = lines
    }

    func text(_ line: Line) -> String { String(decoding: bytes[line.content], as: UTF8.self) }

    /// The first bytes of a line, cut at a character boundary.
    func beginning(_ line: Line, bytes limit: Int) -> String {
        guard line.content.count > limit else { return text(line) }
        return text(prefix: line.content.lowerBound..<line.content.lowerBound + limit)
    }

    /// The last bytes of a line, cut at a character boundary.
    func end(_ line: Line, bytes limit: Int) -> String {
        guard line.content.count > limit else { return text(line) }
        var start = line.content.upperBound - limit
        while start < line.content.upperBound, bytes[start] & 0xc0 == 0x80 { start += 1 }
        return String(decoding: bytes[start..<line.content.upperBound], as: UTF8.self)
    }

    private func text(prefix range: Range<Int>) -> String {
        var end = range.upperBound
        while end > range.lowerBound, bytes[end] & 0xc0 == 0x80 { end -= 1 }
        return String(decoding: bytes[range.lowerBound..<end], as: UTF8.self)
    }

    private static func trim(_ range: Range<Int>, of bytes: [UInt8]) -> Range<Int>? {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while lower < upper, let size = spaceAhead(bytes, lower, upper) { lower += size }
        while lower < upper, let size = spaceBehind(bytes, lower, upper) { upper -= size }
        return lower < upper ? lower..<upper : nil
    }

    /// The size of the white space at `place`; nil if there is none.
    private static func spaceAhead(_ bytes: [UInt8], _ place: Int, _ end: Int) -> Int? {
        if isASCIISpace(bytes[place]) { return 1 }
        for space in wideSpaces where place + space.count <= end && bytes[place...].starts(with: space) {
            return space.count
        }
        return nil
    }

    private static func spaceBehind(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int? {
        if isASCIISpace(bytes[end - 1]) { return 1 }
        for space in wideSpaces where end - space.count >= start && bytes[(end - space.count)...].starts(with: space) {
            return space.count
        }
        return nil
    }

    private static func isASCIISpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

    /// No-break space, the spaces of U+2000 to U+200B, narrow no-break and mathematical space, ideographic space, byte
    /// order mark.
    private static let wideSpaces: [[UInt8]] =
        (["\u{a0}", "\u{202f}", "\u{205f}", "\u{3000}", "\u{feff}"]
        + (0x2000...0x200b).compactMap { Unicode.Scalar($0).map { String($0) } }).map { Array($0.utf8) }
}

/// Properties of words. Swift compares strings by canonical equivalence, so NFC and NFD are equal.
extension StringProtocol {
    /// The text in lower case. Each run of white space is one space, and there is none at the ends.
    var folded: String {
        lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The text without white space at the ends.
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
    /// Hyphens and dashes that separate a dateline from its text.
    var isDash: Bool { ["-", "‐", "‑", "‒", "–", "—", "―", "−", "－"].contains(self) }
}
