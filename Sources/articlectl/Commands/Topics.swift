// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// Lists the topics that articles are classified by.
struct Topics: Command {
    static let description = CommandDescription(
        "topics", "list the topics that articles are classified by",
        examples: [
            .init("articlectl topics", "slugs for `list --topic`, names, and the number of training articles")
        ])

    init(_ arguments: Arguments) throws {}

    func run(_ session: Session) async throws -> ExitCode {
        let result = try await session.client.topics()
        if session.json {
            let topics = result.topics.map { topic in
                JSON.object([
                    ("slug", .string(topic.slug)), ("name", .string(topic.name)),
                    ("training_articles", .integer(topic.trainingArticles)),
                ])
            }
            try session.output.line(
                JSON.object([
                    ("topics", .array(topics)), ("model", .string(result.model)),
                    ("threshold", .float(result.threshold)),
                ]).text)
            return .success
        }
        var table = Table([
            .init("TOPIC"), .init("NAME", flexible: true), .init("LEARNED FROM", rightAligned: true),
        ])
        for topic in result.topics { table.append([topic.slug, topic.name, Quantity.grouped(topic.trainingArticles)]) }
        for line in table.lines(width: session.terminal.tableWidth, style: session.style) {
            try session.output.line(line)
        }
        let facts = "model \(result.model), undecided below \(Quantity.fixed(Double(result.threshold), 2))"
        try session.output.line(session.style.faint(Sanitised.text(facts)))
        return .success
    }
}
