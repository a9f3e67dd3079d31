// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import CLinux
import JSONTree

/// Lists articles, newest first.
struct List: Command {
    static let description = CommandDescription(
        "list", "list articles, newest first, or count them",
        discussion: [
            "On a terminal: a table of the 20 newest articles, or as many as --limit says, as wide as the terminal. Everywhere else: all of "
                + "them, one line each, with the id, the time, the source, the topics and the title between tabs. --json gives all fields and "
                + "exact times.",
            "In the table, ≈ marks a copy of an earlier article, if the service has the plugin duplicates.",
            "A damaged article is reported and left out, and the exit status is 74.",
            "Each line of --json has a \"cursor\". --cursor continues behind that article, whatever was stored or deleted since.",
            "--histogram counts the articles instead, and draws a bar for each month, topic or source. Months are those of this machine's "
                + "time zone. An article counts once under each of its topics. Topics and sources are sorted by their counts; a terminal "
                + "shows the first 40.",
        ],
        options: ListFilter.options + [
            .value("limit", short: "n", "N", "at most this many; 0: all"),
            .value("cursor", "CURSOR", "continue behind the article that had this cursor"),
            .value("histogram", "month|topic|source", "count the articles by month, topic or source"),
            .flag("full", "with --json: bodies and originals as well"),
        ],
        examples: [
            .init("articlectl list", "the newest articles"),
            .init("articlectl list --topic kinh-doanh --from 7d", "a topic's last seven days"),
            .init("articlectl list --source Mic.gov.vn --json | jq -r .title", "titles, for a program"),
            .init("articlectl list --histogram month --topic kinh-doanh", "a topic's articles by month"),
        ])

    private let filter: ListFilter
    private let request: ListRequest
    private let limited: Bool
    private let full: Bool
    private let histogram: ArticleHistogram.Kind?

    init(_ arguments: Arguments) throws {
        filter = ListFilter(arguments)
        var request = try ListFilter.request(arguments)
        let limit = try arguments.number("limit", in: 0...UInt64.max)
        request.limit = limit ?? 0
        limited = limit != nil
        if let text = arguments.value("cursor") {
            guard let cursor = Base64.decode(text), !cursor.isEmpty else {
                throw CommandFailure.usage("--cursor \(text): this is not a cursor that `list` gave")
            }
            request.cursor = cursor
        }
        full = arguments.flag("full")
        histogram = try arguments.value("histogram").map { try ArticleHistogram.Kind(option: $0) }
        self.request = request
    }

    func run(_ session: Session) async throws -> ExitCode {
        let left = LeftOut()
        let count: Int
        if let histogram {
            count = try await ArticleHistogram(histogram).run(request, left, session)
        } else if session.json {
            var request = request
            request.view = full ? .full : .summary
            count = try await lines(of: request, left, session) { $0.article.json(cursor: $0.cursor).text }
        } else {
            var request = request
            request.view = .full  // a body's first words stand for a title where there is none
            if session.terminal.showsOutput {
                count = try await table(request, left, session)
            } else {
                count = try await lines(of: request, left, session) {
                    cells($0.article).map { Sanitised.text($0) }.joined(separator: "\t")
                }
            }
        }
        if count == 0, request.cursor.isEmpty, !session.json { await filter.tellWhatIsMeant(session) }
        try left.check(given: count)
        return .success
    }

    private func lines(
        of request: ListRequest, _ left: LeftOut, _ session: Session, _ line: (ListedArticle) -> String
    ) async throws -> Int {
        var count = 0
        for try await item in left.skipping(session.client.list(request)) {
            try session.output.line(line(item))
            count += 1
        }
        return count
    }

    private func cells(_ article: Article) -> [String] {
        [
            article.id.map { "\($0)" } ?? "", TimeText.local(article.listedAt), article.source,
            article.topics.prefix(2).map(\.slug).joined(separator: ","),
            article.title.isEmpty ? ArticlePage.beginning(of: article.body) : article.title,
        ]
    }

    /// In batches, so that the first lines are there at once and a long list needs no memory.
    private func table(_ request: ListRequest, _ left: LeftOut, _ session: Session) async throws -> Int {
        var request = request
        if !limited { request.limit = 20 }
        var batch: [Article] = []
        var cursor: [UInt8] = []
        var count: UInt64 = 0
        var layout: Table.Layout?
        for try await item in left.skipping(session.client.list(request)) {
            batch.append(item.article)
            cursor = item.cursor
            count += 1
            if batch.count == 200 {
                try await show(batch, &layout, session)
                batch = []
            }
        }
        try await show(batch, &layout, session)
        if count == 0 { try session.output.line("no articles match") }
        if count > 0, count == request.limit {
            let advice = "there may be more: add --limit N, or --cursor \(Base64.encode(cursor))"
            for line in Wrapping.hanging(advice, indent: 2, width: session.terminal.width) {
                try session.output.line(session.style.faint(line))
            }
        }
        return Int(count)
    }

    /// - Parameter layout: of the batches before, under the same head.
    private func show(_ articles: [Article], _ layout: inout Table.Layout?, _ session: Session) async throws {
        guard !articles.isEmpty else { return }
        var table = Table([
            .init("ID"), .init("TIME", rank: 1), .init("WHEN", atMost: 11, rank: 4),
            .init("SOURCE", atMost: 16, rank: 2),
            .init("TOPIC", atMost: 18, rank: 3), .init("TITLE", flexible: true, atLeast: 28),
        ])
        let now = clinux_wall_clock_ms()
        let copies = await session.copies(among: articles.compactMap(\.id))
        for article in articles {
            var cells = cells(article)
            cells.insert(Quantity.age(of: article.listedAt, now: now), at: 2)
            cells[4] = article.topics.first?.slug ?? ""
            if let id = article.id, copies.contains(id) { cells[5] = "≈ " + cells[5] }
            table.append(cells)
        }
        let given = layout
        let used = given ?? table.layout(width: session.terminal.width)
        if given == nil { try session.output.line(used.head(session.style)) }
        layout = used
        for line in table.lines(in: used, style: session.style) { try session.output.line(line) }
    }
}

extension Article {
    /// The time that lists go by, in milliseconds since 1970.
    var listedAt: Int64 { publishedAt != 0 ? publishedAt : createdAt }
}
