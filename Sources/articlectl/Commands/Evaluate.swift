// SPDX-License-Identifier: Apache-2.0
import JSONTree
import TopicModel
import TopicTraining

/// Measures a topic model on labelled articles.
struct Evaluate: Command {
    static let description = CommandDescription(
        "evaluate", "measure a topic model on labelled articles", operands: "MODEL DATA", count: 2...2,
        discussion: [
            "DATA is the same as for `articlectl train`. Measure with articles that the model did not learn from: with those "
                + "that it did learn from, it looks better than it is.",
            "An undecided answer counts as its best candidate. The calibration error is how far the probabilities are from the "
                + "share of right answers, over ten bands.",
        ],
        options: [
            .value("format", "FORMAT", "\(InputFormat.names); default: by the file's name, else by its beginning"),
            TextEncoding.option,
            .value(
                "map", "FIELD=NAME", "read a field of JSON from this member, as topics=chuyen_muc", repeatable: true),
        ],
        examples: [
            .init("articlectl evaluate news.topics test.jsonl", "tables for people"),
            .init("articlectl evaluate news.topics test.jsonl --json", "all figures for programs"),
        ])

    private let model: String
    private let data: String
    private var input: InputOptions

    init(_ arguments: Arguments) throws {
        model = arguments.operands[0]
        data = arguments.operands[1]
        input = InputOptions(mapping: try RecordMapping(arguments.values("map")))
        input.format = try InputFormat.option(arguments.value("format"))
        input.encoding = try TextEncoding.option(arguments.value("encoding"))
    }

    func run(_ session: Session) async throws -> ExitCode {
        let line = StageLine(shown: session.terminal.showsErrors)
        defer { line.clear() }
        let evaluation: Evaluation
        let identity: String
        let notes = RecordNotes(asJSON: session.json)
        defer { notes.end() }
        let articles = try LabelledArticles(path: data, input, notes: notes) {
            line.clear()
            CommandFailure(.data, $0).tell(asJSON: session.json)
        }
        do throws(TopicModelError) {
            let model = try TopicModel(path: model)
            identity = model.identity
            evaluation = Evaluation(of: model, on: articles.texts) { done in
                line.show("scoring", Double(done) / Double(articles.texts.count))
            }
        } catch {
            throw CommandFailure(error)
        }
        line.clear()
        guard evaluation.count > 0 else {
            throw CommandFailure(.data, "none of the data's labels is a topic of \(identity)")
        }
        if session.json {
            try session.output.line(
                JSON.object([("model", .string(identity))] + EvaluationReport(evaluation).members).text)
        } else {
            try session.output.line(session.style.bold(identity))
            try EvaluationReport(evaluation).write(to: session.output, style: session.style)
        }
        return articles.skipped > 0 ? .data : .success
    }
}
