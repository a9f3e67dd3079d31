// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import CLinux
import JSONTree

/// Finds articles by their words.
struct Search: Command {
    static let description = CommandDescription(
        "search", "find articles by their words", operands: "WORD...", count: 0...Int.max,
        discussion: [
            "Words are found with and without diacritics, and in any case: duong finds đường and dương, đường prefers đường. All words are "
                + "wanted; if few articles have them all, others follow that lack some.",
            "\"Quotation marks\" keep words together; quote them for the shell. AND, OR, NOT and parentheses combine, -word excludes, and "
                + "word* stands for all words that begin so. title:, author:, source:, topic:, language:, after: and before: search in one "
                + "field. Write -- before words that begin with a dash.",
            "On a terminal each hit has its title, and the passage that shows the words best. Everywhere else it is one line, with the id, "
                + "the time, the source, the topics and the title between tabs. --json has one line for each hit with the places of the "
                + "words in bytes of UTF-8.",
            "Without words, all articles match: --facets then counts them.",
        ],
        options: ListFilter.options + [
            .value("limit", short: "n", "N", "at most this many, 1 to 100; 10 by default"),
            .value("order", "relevance|newest|oldest", "the order of the hits; relevance by default"),
            .value("recency", "X", "prefer new articles: 0 not at all, 1 much, at most 10"),
            .value("cursor", "CURSOR", "continue behind the page that gave this cursor"),
            .flag("facets", "count all hits by topic, source and month as well"),
            .flag("full", "with --json: the articles as well"),
        ],
        examples: [
            .init("articlectl search lũ lụt miền Trung", "the best ten articles"),
            .init(
                "articlectl search 'title:\"học sinh\" -thi' --from 30d --order newest",
                "the newest of a month, by words in the title"),
            .init("articlectl search bóng đá --facets", "and how many there are of each topic, source and month"),
            .init("articlectl search xăng dầu --json | jq -r .id", "ids, for a program"),
        ])

    /// Values of a facet that a terminal shows.
    private static let maxFacetValues = 8

    private let filter: ListFilter
    private let request: SearchRequest

    init(_ arguments: Arguments) throws {
        filter = ListFilter(arguments)
        let list = try ListFilter.request(arguments)
        var request = SearchRequest(
            query: arguments.operands.joined(separator: " "), topic: list.topic, source: list.source,
            language: list.language, from: list.from, until: list.until)
        request.limit = UInt32(clamping: try arguments.number("limit", in: 1...100) ?? 10)
        if let order = arguments.value("order") { request.order = try SearchOrder(option: order) }
        if let text = arguments.value("recency") {
            guard let recency = Float(text), (0...10).contains(recency) else {
                throw CommandFailure.usage("--recency \(text): a number from 0 to 10 is expected")
            }
            request.recency = recency
        }
        if let text = arguments.value("cursor") {
            guard let cursor = Base64.decode(text), !cursor.isEmpty else {
                throw CommandFailure.usage("--cursor \(text): this is not a cursor that `search` gave")
            }
            request.cursor = cursor
        }
        request.facets = arguments.flag("facets")
        request.articles = arguments.flag("full") && arguments.flag("json")
        request.minutesEastOfUTC = TimeText.minutesEastOfUTC(at: clinux_wall_clock_ms())
        self.request = request
    }

    func run(_ session: Session) async throws -> ExitCode {
        let result = try await session.client.search(request)
        for note in result.notes { Complaint.line(note) }
        if result.incomplete { Complaint.line("the search index is being made: articles may be missing") }
        if session.json {
            try printJSON(result, session)
        } else if session.terminal.showsOutput {
            try printPage(result, session)
        } else {
            for hit in result.hits {
                try session.output.line(Self.cells(hit).map { Sanitised.text($0) }.joined(separator: "\t"))
            }
            for count in result.facets {
                try session.output.line("\(count.facet.word)\t\(Sanitised.text(count.value))\t\(count.count)")
            }
        }
        if result.total == 0, request.cursor.isEmpty, !session.json { await filter.tellWhatIsMeant(session) }
        return .success
    }

    private static func cells(_ hit: SearchHit) -> [String] {
        [
            hit.id.map { "\($0)" } ?? "", TimeText.local(hit.time), hit.source,
            hit.topics.prefix(2).joined(separator: ","),
            hit.title?.text ?? "",
        ]
    }

    private func printPage(_ result: SearchResult, _ session: Session) throws {
        let style = session.style
        let now = clinux_wall_clock_ms()
        for hit in result.hits {
            try print(hit.title, "", session) { style.bold($0) }
            var facts = [
                hit.id.map { "\($0)" } ?? "", hit.source,
                TimeText.local(hit.time) + " (\(Quantity.age(of: hit.time, now: now)))",
            ]
            facts.append(contentsOf: hit.topics.prefix(1))
            let line = facts.filter { !$0.isEmpty }.map { Sanitised.text($0) }.joined(separator: " · ")
            for part in Wrapping.fill(line, width: session.terminal.width - 2) {
                try session.output.line("  " + style.faint(part))
            }
            try print(hit.snippet, "  ", session) { $0 }
            try session.output.line()
        }
        if !result.facets.isEmpty { try printFacets(result, session) }
        try session.output.line(style.faint(summary(of: result)))
        if !result.cursor.isEmpty {
            let advice = "for the next page add --cursor \(Base64.encode(result.cursor))"
            for line in Wrapping.hanging(advice, indent: 2, width: session.terminal.width) {
                try session.output.line(style.faint(line))
            }
        }
    }

    private func summary(of result: SearchResult) -> String {
        if result.total == 0 { return "no articles match" }
        let count = Quantity.count(Int(clamping: result.total), "article")
        return result.relaxed ? "\(count); not all of them have all words as typed" : count
    }

    /// Prints a text in lines that fit, with its words marked.
    private func print(
        _ text: HighlightedText?, _ indent: String, _ session: Session, _ plain: (String) -> String
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

    private func printFacets(_ result: SearchResult, _ session: Session) throws {
        for facet in [SearchFacet.topic, .source, .month] {
            let values = result.facets.filter { $0.facet == facet }
            guard !values.isEmpty else { continue }
            var table = Table([
                .init(facet.word.uppercased(), atMost: 40), .init("ARTICLES", rightAligned: true), .init(""),
            ])
            let largest = values.map(\.count).max() ?? 0
            for value in values.prefix(Self.maxFacetValues) {
                table.append([
                    Sanitised.text(value.value), "\(value.count)", Bars.bar(value.count, of: largest, width: 20),
                ])
            }
            for line in table.lines(width: session.terminal.width, style: session.style) {
                try session.output.line(line)
            }
            if values.count > Self.maxFacetValues {
                try session.output.line(session.style.faint("and \(values.count - Self.maxFacetValues) more"))
            }
            try session.output.line()
        }
    }

    /// A line for each hit, and one for the whole.
    private func printJSON(_ result: SearchResult, _ session: Session) throws {
        for hit in result.hits { try session.output.line(hit.json.text) }
        var members: [(String, JSON)] = [("total", .integer(result.total))]
        if !result.cursor.isEmpty { members.append(("cursor", .string(Base64.encode(result.cursor)))) }
        if result.relaxed { members.append(("relaxed", .bool(true))) }
        if result.incomplete { members.append(("incomplete", .bool(true))) }
        if !result.notes.isEmpty { members.append(("notes", .array(result.notes.map { .string($0) }))) }
        for facet in [SearchFacet.topic, .source, .month] where request.facets {
            let values = result.facets.filter { $0.facet == facet }
            members.append((facet.word, .object(values.map { ($0.value, .integer($0.count)) })))
        }
        try session.output.line(JSON.object(members).text)
    }
}

extension SearchOrder {
    fileprivate init(option text: String) throws(CommandFailure) {
        switch text {
        case "relevance": self = .relevance
        case "newest": self = .newest
        case "oldest": self = .oldest
        default: throw .usage("--order \(text): relevance, newest or oldest is expected")
        }
    }
}

extension SearchFacet {
    fileprivate var word: String {
        switch self {
        case .unspecified: "unknown"
        case .topic: "topic"
        case .source: "source"
        case .month: "month"
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
