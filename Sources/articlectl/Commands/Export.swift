// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// Writes articles as JSON Lines that `import` reads back.
struct Export: Command {
    static let description = CommandDescription(
        "export", "write articles as JSON Lines, which `import` reads back without loss",
        discussion: [
            "Each line is an article with its id and all that its writer gave. The newest article comes first, as in `list`. Of "
                + "an article that was stored as a file, the bytes around the body are in Base64. A damaged article is reported "
                + "and left out; the exit status is 74 then.",
            "Fields that this version of articlectl does not know are left out: those up to 31 that a later version, or a "
                + "program of your own, has added to an article.",
            "With -o a regular file is replaced as a whole when the export is complete. An export that fails changes nothing.",
        ],
        options: ListFilter.options + [
            .value("limit", short: "n", "N", "at most so many; 0, the default: all"),
            .value("output", short: "o", "FILE", "write to this file; -, the default: standard output"),
        ],
        examples: [
            .init("articlectl export -o articles.jsonl", "everything"),
            .init("articlectl export --topic phap-luat --from 2009-01-01 | xz > 2009.jsonl.xz", "a part of it"),
            .init("articlectl export | ARTICLED_ENDPOINT=tcp:10.0.0.2:7450 articlectl import -", "to another articled"),
        ])

    private let request: ListRequest
    private let output: String

    init(_ arguments: Arguments) throws {
        var request = try ListFilter.request(arguments)
        request.limit = try arguments.number("limit", in: 0...UInt64.max) ?? 0
        request.view = .full
        self.request = request
        output = arguments.value("output") ?? "-"
    }

    func run(_ session: Session) async throws -> ExitCode {
        let file = try OutputFile(output)
        let watched = session.terminal.showsErrors && !(file.isStandardOutput && session.terminal.showsOutput)
        var progress = Progress(shown: watched)
        let all = try await session.client.stats().storage?.records ?? 0
        let whole = request.limit > 0 ? min(all, request.limit) : all
        let filtered = ListRequest(limit: request.limit, view: .full) != request
        var count = 0
        defer { progress.clear() }
        let left = LeftOut()
        do {
            for try await item in left.skipping(session.client.list(request)) {
                try file.line(item.article.json().text)
                count += 1
                progress.show(count: count, fraction: filtered || whole == 0 ? nil : Double(count) / Double(whole))
            }
        } catch {
            try? file.flush()  // what was found before it failed
            throw error
        }
        progress.clear()
        try file.finish()
        if !file.isStandardOutput { try tell(file, count, session) }
        try left.check(given: count)
        return .success
    }

    private func tell(_ file: OutputFile, _ count: Int, _ session: Session) throws(CommandFailure) {
        let json: [(String, JSON)] = [
            ("path", .string(file.name)), ("articles", .integer(count)), ("bytes", .integer(file.bytesWritten)),
        ]
        let articles = count == 1 ? "1 article" : "\(Quantity.grouped(count)) articles"
        try session.output.line(
            session.json
                ? JSON.object(json).text : "\(file.name): \(articles), \(Quantity.bytes(file.bytesWritten))")
    }
}
