// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CLinux
import JSONTree

/// Prints the hits of a search.
struct HitList {
    private let session: Session

    init(_ session: Session) { self.session = session }

    /// On a terminal, title and passage of each hit; elsewhere a line for each.
    func print(_ hits: [SearchHit]) throws {
        if session.json {
            for hit in hits { try session.output.line(hit.json.text) }
        } else if session.terminal.showsOutput {
            try printPassages(hits)
        } else {
            for hit in hits {
                try session.output.line(Self.cells(hit).map { Sanitised.text($0) }.joined(separator: "\t"))
            }
        }
    }

    private static func cells(_ hit: SearchHit) -> [String] {
        [
            hit.id.map { "\($0)" } ?? "", TimeText.local(hit.time), hit.source,
            hit.topics.prefix(2).joined(separator: ","),
            hit.title?.text ?? "",
        ]
    }

    private func printPassages(_ hits: [SearchHit]) throws {
        let style = session.style
        let now = clinux_wall_clock_ms()
        for hit in hits {
            try print(hit.title, "") { style.bold($0) }
            var facts = [
                hit.id.map { "\($0)" } ?? "", hit.source,
                TimeText.local(hit.time) + " (\(Quantity.age(of: hit.time, now: now)))",
            ]
            facts.append(contentsOf: hit.topics.prefix(1))
            let line = facts.filter { !$0.isEmpty }.map { Sanitised.text($0) }.joined(separator: " · ")
            for part in Wrapping.fill(line, width: session.terminal.width - 2) {
                try session.output.line("  " + style.faint(part))
            }
            try print(hit.snippet, "  ") { $0 }
            try session.output.line()
        }
    }

    /// Prints a text in lines that fit, with its words marked.
    private func print(
        _ text: HighlightedText?, _ indent: String, _ plain: (String) -> String
    ) throws {
        guard let text, !text.text.isEmpty else { return }
        for line in HighlightedLines.lines(text, width: session.terminal.width - indent.utf8.count) {
            var painted = indent
            for piece in line {
                painted += piece.isMarked ? session.style.yellow(piece.text) : plain(piece.text)
            }
            try session.output.line(painted)
        }
    }
}

extension SearchHit {
    fileprivate var json: JSON {
        var members: [(String, JSON)] = []
        if let id { members.append(("id", .string("\(id)"))) }
        if score != 0 { members.append(("score", .float(score))) }
        members.append(("time", .string(TimeText.rfc3339(time))))
        if !source.isEmpty { members.append(("source", .string(source))) }
        if !url.isEmpty { members.append(("url", .string(url))) }
        if !topics.isEmpty { members.append(("topics", .array(topics.map { .string($0) }))) }
        if let title { members.append(("title", title.json)) }
        if let snippet { members.append(("snippet", snippet.json)) }
        if let article { members.append(("article", article.json())) }
        return .object(members)
    }
}

extension HighlightedText {
    fileprivate var json: JSON {
        let places = marks.map { JSON.array([.integer($0.start), .integer($0.end)]) }
        return .object([("text", .string(text)), ("marks", .array(places))])
    }
}

/// A text with marked words, set in lines.
enum HighlightedLines {
    struct Piece: Equatable {
        var text: String
        var isMarked: Bool
    }

    /// Lines of pieces. Marks that do not fit the text are left out.
    static func lines(_ highlighted: HighlightedText, width: Int) -> [[Piece]] {
        var lines: [[Piece]] = [[]]
        var used = 0
        for word in words(highlighted) {
            let size = word.reduce(0) { $0 + DisplayWidth.of($1.text) }
            if used > 0, used + 1 + size > width {
                lines.append([])
                used = 0
            }
            if used > 0 {
                // A blank between two marked words belongs to both.
                let isInside = word.first?.isMarked == true && lines[lines.count - 1].last?.isMarked == true
                append(Piece(text: " ", isMarked: isInside), to: &lines[lines.count - 1])
                used += 1
            }
            for piece in word { append(piece, to: &lines[lines.count - 1]) }
            used += size
        }
        return lines
    }

    private static func append(_ piece: Piece, to line: inout [Piece]) {
        if let last = line.last, last.isMarked == piece.isMarked {
            line[line.count - 1].text += piece.text
        } else {
            line.append(piece)
        }
    }

    /// The words, each in pieces.
    private static func words(_ highlighted: HighlightedText) -> [[Piece]] {
        let bytes = Array(highlighted.text.utf8)
        var words: [[Piece]] = []
        var start = 0
        while start < bytes.count {
            guard bytes[start] != 0x20 else {
                start += 1
                continue
            }
            let end = bytes[start...].firstIndex(of: 0x20) ?? bytes.count
            var word: [Piece] = []
            var position = start
            for mark in highlighted.marks {
                let from = max(Int(mark.start), position)
                let to = min(Int(mark.end), end)
                guard from < to else { continue }
                if from > position { word.append(piece(bytes[position..<from], false)) }
                word.append(piece(bytes[from..<to], true))
                position = to
            }
            if position < end { word.append(piece(bytes[position..<end], false)) }
            words.append(word)
            start = end
        }
        return words
    }

    private static func piece(_ bytes: ArraySlice<UInt8>, _ isMarked: Bool) -> Piece {
        Piece(text: Sanitised.text(String(decoding: bytes, as: UTF8.self)), isMarked: isMarked)
    }
}
