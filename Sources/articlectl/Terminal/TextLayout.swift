// SPDX-License-Identifier: Apache-2.0
import CUTF8Proc

/// How many columns text takes on a terminal.
enum DisplayWidth {
    /// A vowel with its combining marks (Vietnamese in NFD) takes one column, an East Asian ideograph two. The colours of
    /// ``Style`` take none.
    static func of(_ text: some StringProtocol) -> Int {
        if text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return text.utf8.count }
        var width = 0
        var inColour = false
        for character in text {
            if inColour {
                inColour = character != "m"
            } else if character == "\u{1b}" {
                inColour = true
            } else {
                width += of(character)
            }
        }
        return width
    }

    /// Scalars add up, as a terminal adds them; a sequence of emoji is one picture.
    static func of(_ character: Character) -> Int {
        var width = 0
        var isPicture = false
        for scalar in character.unicodeScalars {
            width += of(scalar)
            isPicture = isPicture || scalar.value >= 0x1f000
        }
        return isPicture ? min(2, width) : width
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value) ? 0 : 1 }
        return Int(utf8proc_charwidth(Int32(scalar.value)))
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

    /// Cut to at most `width` columns, with "…" as the last one if something was left out. Not for text with colours.
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

    /// The same, with all lines but the first set in by `indent` columns. What is wider than a line by itself, such as a
    /// path, stays whole.
    ///
    /// - Parameter width: nil: one line.
    static func hanging(_ paragraph: String, indent: Int, width: Int?) -> [String] {
        guard let width else { return [paragraph] }
        let words = paragraph.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        return join(words, by: " ", indent: indent, width: width)
    }

    /// A line of a shell, continued with backslashes where it is wider than the terminal.
    static func shellLine(_ line: String, indent: Int, width: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        guard indent + DisplayWidth.of(line) > width else { return [margin + line] }
        let lines = join(line.split(separator: " ").map(String.init), by: " ", indent: 4, width: width - indent - 2)
        return lines.enumerated().map { margin + $1 + ($0 < lines.count - 1 ? " \\" : "") }
    }

    /// Puts whole pieces beside each other as far as there is room.
    static func join(_ pieces: [String], by separator: String, indent: Int, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        var used = 0
        let gap = DisplayWidth.of(separator)
        let breaking = String(separator.reversed().drop { $0 == " " }.reversed())
        for (index, piece) in pieces.enumerated() {
            let size = DisplayWidth.of(piece)
            // The comma behind it belongs to it.
            let tail = index < pieces.count - 1 ? breaking.count : 0
            if index == 0 {
                line = piece
                used = size
            } else if used + gap + size + tail <= width {
                line += separator + piece
                used += gap + size
            } else {
                lines.append(line + breaking)
                line = String(repeating: " ", count: indent) + piece
                used = indent + size
            }
        }
        return lines + [line]
    }
}

/// Lines of a label and what there is to say under it:
///
///     connections  50 open, 1,204 accepted, 0 refused,
///                  0 protocol errors
struct Facts {
    private var rows: [(label: String, items: [String])] = []

    /// - Parameter items: safe for a terminal, see ``Sanitised``; they may have colours.
    mutating func append(_ label: String, _ items: [String]) { rows.append((label, items)) }

    /// - Parameter width: of the terminal; nil: one line each. An item that is wider than a line stays whole.
    func lines(width: Int?) -> [String] {
        let indent = (rows.map { DisplayWidth.of($0.label) }.max() ?? 0) + 2
        return rows.flatMap { row in
            let label = row.label.padded(to: indent)
            guard let width else { return [label + row.items.joined(separator: ", ")] }
            let items = row.items.enumerated().map { $0 == 0 ? label + $1 : $1 }
            return Wrapping.join(items, by: ", ", indent: indent, width: width)
        }
    }
}
