import ArticleClient
import ArticleProtocol

/// Writes articles as JSON Lines that `import` reads back.
struct Export: Command {
    static let description = CommandDescription(
        "export", "write articles as JSON Lines, which `import` reads back without loss",
        discussion: [
            "Each line is an article with its id and all that its writer gave; the bytes around the body of a stored file are in base "
                + "64. Newest first, as `list` has them. An article that is damaged is reported and left out; the exit status is 74 then.",
            "What this version of articlectl does not know is left out: fields up to 31 of an article that a program of a later "
                + "version, or of its own, has added. Such a program has to copy articles itself.",
        ],
        options: ListFilter.options + [.value("limit", short: "n", "N", "at most so many; 0, the default: all")],
        examples: [
            .init("articlectl export > articles.jsonl", "everything"),
            .init("articlectl export --topic phap-luat --from 2009-01-01 | xz > 2009.jsonl.xz", "a part of it"),
            .init("articlectl export | ARTICLED_ENDPOINT=tcp:10.0.0.2:7450 articlectl import -", "to another articled"),
        ])

    private let request: ListRequest

    init(_ arguments: Arguments) throws {
        var request = try ListFilter.request(arguments)
        request.limit = try arguments.number("limit", in: 0...UInt64.max) ?? 0
        request.view = .full
        self.request = request
    }

    func run(_ session: Session) async throws -> ExitCode {
        var progress = Progress(shown: session.terminal.showsErrors && !session.terminal.showsOutput)
        let all = try await session.client.stats().storage?.records ?? 0
        let whole = request.limit > 0 ? min(all, request.limit) : all
        let filtered = ListRequest(limit: request.limit, view: .full) != request
        var count = 0
        defer { progress.clear() }
        let left = LeftOut()
        for try await item in left.skipping(session.client.list(request)) {
            try session.output.line(item.article.json().text)
            count += 1
            progress.show(count: count, fraction: filtered || whole == 0 ? nil : Double(count) / Double(whole))
        }
        progress.clear()
        try left.check(given: count)
        return .success
    }
}
