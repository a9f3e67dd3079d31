// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import ArticleText
import JSONTree

/// Shows stored articles.
struct Fetch: Command {
    static let description = CommandDescription(
        "fetch", "show an article", operands: "ID|URL...", count: 1...100_000,
        discussion: [
            "On a terminal the paragraphs are set to its width. The exit status is 1 if an article does not exist, and 74 if one is "
                + "damaged. The others are shown all the same."
        ],
        options: [
            .flag(
                "raw", "only the bytes of the text file that was stored, in its encoding; of other articles, the body")
        ],
        examples: [
            .init("articlectl fetch 0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f", "by id"),
            .init("articlectl fetch https://mic.gov.vn/a/1 --json", "by URL, for a program"),
            .init("articlectl fetch --raw ID > story.txt", "the file as it was stored, byte for byte"),
        ])

    private let keys: [ArticleKey]
    private let raw: Bool

    init(_ arguments: Arguments) throws {
        keys = try arguments.operands.map { try ArticleKey(operand: $0) }
        raw = arguments.flag("raw")
        guard !raw || !arguments.flag("json") else { throw CommandFailure.usage("--raw and --json exclude each other") }
    }

    func run(_ session: Session) async throws -> ExitCode {
        var code = ExitCode.success
        for (index, key) in keys.enumerated() {
            do {
                let article = try await session.client.get(key)
                if session.json {
                    try session.output.line(article.json().text)
                } else if raw {
                    try session.output.write(bytes: try article.originalFile())
                } else {
                    if index > 0 { try session.output.line(session.style.faint("---")) }
                    let width = session.terminal.showsOutput ? session.terminal.width : nil
                    try session.output.write(ArticlePage.page(article, width: width, style: session.style))
                }
            } catch let error as ClientError where [.notFound, .dataLoss].contains(error.status) {
                // This concerns one article: the others are shown.
                try session.output.flush()
                let failure =
                    error.status == .notFound
                    ? CommandFailure(.notFound, "there is no article \(key.text)") : CommandFailure(error)
                failure.tell(asJSON: session.json)
                if code != .io { code = failure.code }
            } catch let failure as CommandFailure where failure.code == .data {
                try session.output.flush()
                failure.tell(asJSON: session.json)
                if code != .io { code = failure.code }
            }
        }
        return code
    }
}

extension ArticleClient {
    func get(_ key: ArticleKey, view: View = .full) async throws(ClientError) -> Article {
        if let id = key.id { return try await get(id: id, view: view) }
        return try await get(url: key.url, view: view)
    }
}
