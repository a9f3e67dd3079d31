/// How many columns text takes on a terminal.
enum DisplayWidth {
    /// A character is as wide as its widest scalar: a vowel with its combining marks (Vietnamese in NFD) takes one column.
    static func of(_ text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + of($1) }
    }

    static func of(_ character: Character) -> Int {
        var width = 0
        for scalar in character.unicodeScalars { width = max(width, of(scalar)) }
        return width
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value) ? 0 : 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: return isWide(scalar.value) ? 2 : 1
        }
    }

    /// East Asian Wide and Fullwidth (UAX #11), and emoji shown as pictures.
    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115f, 0x231a...0x231b, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff,
            0xa000...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
            0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
            true
        default: false
        }
    }
}

extension String {
    /// Filled with spaces on the right up to `width` columns.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - DisplayWidth.of(self)))
    }

    /// The same on the left.
    func paddedLeft(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - DisplayWidth.of(self))) + self
    }

    /// Cut to at most `width` columns, with "…" as the last one if something was left out.
    func cut(to width: Int) -> String {
        guard utf8.count > width, width > 0 else { return self }
        var used = 0
        var end = startIndex
        for index in indices {
            let next = used + DisplayWidth.of(self[index])
            if next > width { return String(self[..<end]) + "…" }
            used = next
            if used < width { end = self.index(after: index) }
        }
        return self
    }
}

/// Paragraphs set in lines.
enum Wrapping {
    /// Breaks a paragraph at spaces. A word that is wider than a line is broken where the line ends.
    static func fill(_ paragraph: some StringProtocol, width: Int) -> [String] {
        let width = max(1, width)
        var lines: [String] = []
        var line = ""
        var used = 0
        for word in paragraph.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\n" }) {
            var word = word
            var size = DisplayWidth.of(word)
            if used > 0, used + 1 + size <= width {
                line += " "
                line += word
                used += 1 + size
                continue
            }
            if used > 0 { lines.append(line) }
            while size > width {
                let part = beginning(of: word, width: width)
                lines.append(String(part))
                word = word[part.endIndex...]
                size = DisplayWidth.of(word)
            }
            line = String(word)
            used = size
        }
        if used > 0 || lines.isEmpty { lines.append(line) }
        return lines
    }

    /// As many characters as fit, at least one.
    private static func beginning<Text: StringProtocol>(of word: Text, width: Int) -> Text.SubSequence {
        var used = 0
        var end = word.startIndex
        while end < word.endIndex {
            used += DisplayWidth.of(word[end])
            if used > width, end > word.startIndex { break }
            end = word.index(after: end)
        }
        return word[..<end]
    }
}
