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
        examples: [
            .init("articlectl evaluate news.topics test.jsonl", "tables for people"),
            .init("articlectl evaluate news.topics test.jsonl --json", "all figures for programs"),
        ])

    private let model: String
    private let data: String

    init(_ arguments: Arguments) throws {
        model = arguments.operands[0]
        data = arguments.operands[1]
    }

    func run(_ session: Session) async throws -> ExitCode {
        let line = StageLine(shown: session.terminal.showsErrors)
        defer { line.clear() }
        let evaluation: Evaluation
        let identity: String
        do throws(TopicModelError) {
            let model = try TopicModel(path: model)
            identity = model.identity
            let data = try DataSet(path: data)
            for complaint in data.complaints { CommandFailure(.data, complaint).tell(asJSON: session.json) }
            evaluation = Evaluation(of: model, on: data.texts) { done in
                line.show("scoring", Double(done) / Double(data.texts.count))
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
        return .success
    }
}
