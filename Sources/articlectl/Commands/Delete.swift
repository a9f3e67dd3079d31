// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// Deletes articles.
struct Delete: Command {
    static let description = CommandDescription(
        "delete", "delete articles", operands: "[ID|URL...]", count: 0...100_000,
        discussion: [
            "There is no way back. With ids or URLs the exit status is 1 if there is no such article.",
            "With --topic, --source, --language, --from and --until all articles that match every one of them are deleted. "
                + "They are counted first, and their number must be typed at the terminal; a program gives --count or --yes "
                + "instead. An article that somebody changes meanwhile stays, and one that is stored meanwhile does too. Ctrl-C "
                + "stops it. The exit status is 70 if some could not be deleted.",
            "The time of an article is when it was published, or stored first if that is not known.",
        ],
        options: [.value("expected-revision", "N", "only if the article is at revision N now")] + BulkDelete.options,
        examples: [
            .init("articlectl delete 0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f", "by id"),
            .init(
                "articlectl delete https://mic.gov.vn/a/1 --expected-revision 2",
                "only if nobody has changed it meanwhile"),
            .init("articlectl delete --source Mic.gov.vn --until 2010-01-01 --dry-run", "count old articles"),
            .init("articlectl delete --topic kinh-doanh --until 3650d --yes", "for a timer"),
        ])

    private let keys: [ArticleKey]
    private let expected: UInt64?
    /// Set if a filter is given in place of keys.
    private let bulk: BulkDelete?

    init(_ arguments: Arguments) throws {
        keys = try arguments.operands.map { try ArticleKey(operand: $0) }
        expected = try arguments.number("expected-revision", in: 1...UInt64.max)
        bulk = try BulkDelete(arguments)
        guard keys.isEmpty != (bulk == nil) else {
            throw CommandFailure.usage(
                keys.isEmpty
                    ? "which articles? Give ids, URLs, or a filter such as --topic"
                    : "give either ids or a filter, not both",
                hint: "`articlectl help delete` shows how it is used")
        }
        guard bulk == nil || expected == nil else {
            throw CommandFailure.usage("--expected-revision goes with an id; a filter deletes what it has counted only")
        }
    }

    func run(_ session: Session) async throws -> ExitCode {
        if let bulk { return try await bulk.run(session) }
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
