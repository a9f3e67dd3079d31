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
