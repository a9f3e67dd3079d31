import ArticleClient
import ArticleProtocol

/// Deletes articles.
struct Delete: Command {
    static let description = CommandDescription(
        "delete", "delete articles", operands: "ID|URL...", count: 1...100_000,
        discussion: ["There is no way back. Ends with 1 if there is no such article."],
        options: [.value("expected-revision", "N", "only if the article is at revision N now")],
        examples: [
            .init("articlectl delete 0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f", "by id"),
            .init(
                "articlectl delete https://mic.gov.vn/a/1 --expected-revision 2",
                "only if nobody has changed it meanwhile"),
        ])

    private let keys: [ArticleKey]
    private let expected: UInt64?

    init(_ arguments: Arguments) throws {
        keys = try arguments.operands.map { try ArticleKey(operand: $0) }
        expected = try arguments.number("expected-revision", in: 1...UInt64.max)
    }

    func run(_ session: Session) async throws -> ExitCode {
        var code = ExitCode.success
        for key in keys {
            do {
                let result = try await session.client.delete(key, expectedRevision: expected)
                let id = result.id.map { "\($0)" } ?? ""
                if session.json {
                    try session.output.line(
                        JSON.object([("id", .string(id)), ("revision", .integer(result.revision))]).text)
                } else {
                    try session.output.line("\(id)  deleted")
                }
            } catch let error as ClientError where error.status == .notFound {
                try session.output.flush()
                CommandFailure(.notFound, "there is no article \(key.text)").tell(asJSON: session.json)
                code = .notFound
            } catch let error as ClientError {
                throw CommandFailure(ofChange: error)
            }
        }
        return code
    }
}
