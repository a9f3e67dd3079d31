/// Which of a text's first lines are its headline.
enum Headline {
    /// Longer than any headline, in characters.
    static let longest = 220

    /// - Parameter lines: those that may belong to headline and body, at least one.
    /// - Returns: how many of the first ones are the headline: 0 to 3.
    static func count(in lines: ArraySlice<TextLines.Line>, of text: TextLines) -> Int {
        guard let first = lines.first, let title = short(first, text) else { return 0 }
        guard Dateline.source(in: title) == nil, title.contains(where: \.isLetter) else { return 0 }
        let rest = lines.dropFirst()
        guard let second = rest.first else { return endsSentence(title) ? 0 : 1 }
        let next = text.beginning(second, bytes: 400)
        if Dateline.source(in: next) != nil { return 1 }
        if endsSentence(title) { return 0 }
        if second.isSetApart { return 1 }
        guard next.first?.isLowercase ?? false else { return 1 }
        return continued(lines, text)
    }

    /// A headline that was broken into lines: the next one goes on in lower case, and an empty line follows.
    private static func continued(_ lines: ArraySlice<TextLines.Line>, _ text: TextLines) -> Int {
        var count = 1
        var size = 0
        for line in lines.dropFirst() {
            if line.isSetApart { return size <= longest ? count : 0 }
            guard count < 3, let part = short(line, text), !endsSentence(part) else { return 0 }
            size += part.count
            count += 1
        }
        return 0
    }

    private static func short(_ line: TextLines.Line, _ text: TextLines) -> String? {
        guard line.content.count <= 4 * longest else { return nil }
        let title = text.text(line)
        return title.count <= longest ? title : nil
    }

    /// A full stop, but not "...", or a mark after which the sentence goes on.
    static func endsSentence(_ text: String) -> Bool {
        guard let last = text.last else { return false }
        if ",;:".contains(last) { return true }
        return last == "." && !text.hasSuffix("..")
    }
}
