import ArticleClient
import ArticleProtocol

/// Lists articles, newest first.
struct List: Command {
    static let description = CommandDescription(
        "list", "list articles, newest first",
        discussion: [
            "On a terminal it is a table of the 20 newest, or as many as --limit says. To a program it gives all, one line each: id, time, "
                + "source, topics and title, with tabs between them.",
            "An article that is damaged is reported and left out; the exit status is 74 then.",
            "A list can be gone on with: each line of --json has a \"cursor\", and --cursor continues behind it, whatever was "
                + "stored or deleted meanwhile.",
        ],
        options: ListFilter.options + [
            .value("limit", short: "n", "N", "at most so many; 0: all"),
            .value("cursor", "CURSOR", "go on behind the article that this cursor was given with"),
            .flag("full", "with --json: bodies and originals as well"),
        ],
        examples: [
            .init("articlectl list", "the newest articles"),
            .init("articlectl list --topic kinh-doanh --from 7d", "a topic's last seven days"),
            .init("articlectl list --source Mic.gov.vn --json | jq -r .title", "titles, for a program"),
        ])

    private let request: ListRequest
    private let limited: Bool
    private let full: Bool

    init(_ arguments: Arguments) throws {
        var request = try ListFilter.request(arguments)
        let limit = try arguments.number("limit", in: 0...UInt64.max)
        request.limit = limit ?? 0
        limited = limit != nil
        if let text = arguments.value("cursor") {
            guard let cursor = Base64.decode(text), !cursor.isEmpty else {
                throw CommandFailure.usage("--cursor \(text): a cursor that `list` gave is expected")
            }
            request.cursor = cursor
        }
        full = arguments.flag("full")
        self.request = request
    }

    func run(_ session: Session) async throws -> ExitCode {
        var request = request
        if session.json {
            request.view = full ? .full : .summary
            return try await lines(of: request, session) { $0.article.json(cursor: $0.cursor).text }
        }
        request.view = .full  // a body's first words stand for a title where there is none
        if session.terminal.showsOutput { return try await table(request, session) }
        return try await lines(of: request, session) {
            cells($0.article).map { Sanitised.text($0) }.joined(separator: "\t")
        }
    }

    private func lines(
        of request: ListRequest, _ session: Session, _ line: (ListedArticle) -> String
    ) async throws -> ExitCode {
        let left = LeftOut()
        var count = 0
        for try await item in left.skipping(session.client.list(request)) {
            try session.output.line(line(item))
            count += 1
        }
        try left.check(given: count)
        return .success
    }

    private func cells(_ article: Article) -> [String] {
        let time = article.publishedAt != 0 ? article.publishedAt : article.createdAt
        return [
            article.id.map { "\($0)" } ?? "", TimeText.local(time), article.source,
            article.topics.prefix(2).map(\.slug).joined(separator: ","),
            article.title.isEmpty ? ArticlePage.beginning(of: article.body) : article.title,
        ]
    }

    /// In batches, so that the first lines are there at once and a long list needs no memory.
    private func table(_ request: ListRequest, _ session: Session) async throws -> ExitCode {
        var request = request
        if !limited { request.limit = 20 }
        var batch: [Article] = []
        var cursor: [UInt8] = []
        var count: UInt64 = 0
        let left = LeftOut()
        for try await item in left.skipping(session.client.list(request)) {
            batch.append(item.article)
            cursor = item.cursor
            count += 1
            if batch.count == 200 {
                try show(batch, session)
                batch = []
            }
        }
        try show(batch, session)
        if count == 0 { try session.output.line("no articles match") }
        if count > 0, count == request.limit {
            try session.output.line(
                session.style.faint("there may be more: add --limit N, or --cursor \(Base64.encode(cursor))"))
        }
        try left.check(given: Int(count))
        return .success
    }

    private func show(_ articles: [Article], _ session: Session) throws {
        guard !articles.isEmpty else { return }
        let width = session.terminal.width
        guard width >= 110 else {
            for cells in articles.map({ cells($0).map { Sanitised.text($0) } }) {
                try session.output.line(session.style.bold(cells[4].cut(to: width)))
                let facts = cells[..<4].filter { !$0.isEmpty }.joined(separator: "  ")
                try session.output.line(session.style.faint(facts))
            }
            return
        }
        var table = Table([
            .init("ID"), .init("TIME"), .init("SOURCE"), .init("TOPIC"), .init("TITLE", flexible: true),
        ])
        for article in articles {
            var cells = cells(article)
            cells[2] = cells[2].cut(to: 16)
            cells[3] = (article.topics.first?.slug ?? "").cut(to: 18)
            table.append(cells)
        }
        for line in table.lines(width: width, style: session.style) { try session.output.line(line) }
    }
}
