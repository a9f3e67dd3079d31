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
            .flag(
                "collapse", "leave out hits that are nearly identical to one before them; needs the plugin duplicates"),
            .flag("suggest", "print what the words may become instead, as for a list below a search field"),
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
    private let suggests: Bool
    private let collapses: Bool

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
        suggests = arguments.flag("suggest")
        collapses = arguments.flag("collapse")
    }

    func run(_ session: Session) async throws -> ExitCode {
        if suggests { return try await suggest(session) }
        var result = try await session.client.search(request)
        if collapses {
            let count = result.hits.count
            result.hits = try await session.collapsed(result.hits)
            let hidden = count - result.hits.count
            if hidden > 0, !session.json {
                Complaint.hint("nearly identical to others and left out of this page: \(hidden)")
            }
        }
        for note in result.notes { Complaint.line(note) }
        if result.incomplete { Complaint.line("the search index is being made: articles may be missing") }
        if session.json {
            try printJSON(result, session)
        } else if session.terminal.showsOutput {
            try printPage(result, session)
        } else {
            try HitList(session).print(result.hits)
            for count in result.facets {
                try session.output.line("\(count.facet.word)\t\(Sanitised.text(count.value))\t\(count.count)")
            }
        }
        if !result.didYouMean.isEmpty, !session.json {
            Complaint.hint("did you mean: \(Sanitised.text(result.didYouMean))?")
        }
        if result.total == 0, request.cursor.isEmpty, !session.json { await filter.tellWhatIsMeant(session) }
        return .success
    }

    private func suggest(_ session: Session) async throws -> ExitCode {
        let result = try await session.client.suggestions(for: request.query, limit: min(request.limit, 20))
        for suggestion in result.suggestions {
            try session.output.line(
                session.json
                    ? JSON.object([("suggestion", .string(suggestion))]).text : Sanitised.text(suggestion))
        }
        return .success
    }

    private func printPage(_ result: SearchResult, _ session: Session) throws {
        let style = session.style
        try HitList(session).print(result.hits)
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
        try HitList(session).print(result.hits)
        var members: [(String, JSON)] = [("total", .integer(result.total))]
        if !result.cursor.isEmpty { members.append(("cursor", .string(Base64.encode(result.cursor)))) }
        if result.relaxed { members.append(("relaxed", .bool(true))) }
        if !result.didYouMean.isEmpty { members.append(("did_you_mean", .string(result.didYouMean))) }
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
