// SPDX-License-Identifier: Apache-2.0
import JSONTree
import TopicModel
import TopicTraining

/// An evaluation as people and programs read it.
struct EvaluationReport {
    private let evaluation: Evaluation

    init(_ evaluation: Evaluation) { self.evaluation = evaluation }

    var json: JSON { .object(members) }

    /// All figures; shares are from 0 to 1.
    var members: [(String, JSON)] {
        let topics = evaluation.topics.indices.map { topic in
            JSON.object([
                ("slug", .string(evaluation.topics[topic].slug)), ("articles", .integer(evaluation.support(topic))),
                ("precision", .float(evaluation.precision(topic))), ("recall", .float(evaluation.recall(topic))),
                ("f1", .float(evaluation.f1(topic))),
                ("answered", .array(evaluation.confusion[topic].map { .integer($0) })),
            ])
        }
        let bands = evaluation.bands.enumerated().map { index, band in
            JSON.object([
                ("from", .float(Double(index) / 10)), ("articles", .integer(band.count)),
                ("probability", .float(band.count > 0 ? band.probability / Double(band.count) : 0)),
                ("right", .float(band.count > 0 ? Double(band.right) / Double(band.count) : 0)),
            ])
        }
        return [
            ("articles", .integer(evaluation.count)), ("unknown_label", .integer(evaluation.unknown)),
            ("accuracy", .float(evaluation.accuracy)), ("macro_f1", .float(evaluation.macroF1)),
            ("calibration_error", .float(evaluation.calibrationError)), ("undecided", .integer(evaluation.undecided)),
            ("decided_accuracy", .float(evaluation.decidedAccuracy)),
            ("seconds", .float(evaluation.seconds)), ("topics", .array(topics)),
            ("calibration", .array(bands)),
        ]
    }

    /// Three tables: the topics, the confusion matrix, the calibration.
    func write(to output: Output, style: Style) throws(CommandFailure) {
        try output.line(summary)
        try output.line()
        try write(topicTable, to: output, style)
        try output.line()
        try output.line("rows: the right topic; columns: the answer")
        try write(confusionTable, to: output, style)
        try output.line()
        try write(calibrationTable, to: output, style)
    }

    private var summary: String {
        let undecided = Double(evaluation.undecided) / Double(max(1, evaluation.count))
        var text =
            "\(Quantity.grouped(evaluation.count)) articles: accuracy \(percent(evaluation.accuracy)), macro-F1 "
            + "\(percent(evaluation.macroF1)), calibration error \(Quantity.fixed(evaluation.calibrationError, 3))\n"
            + "undecided \(percent(undecided)), accuracy of the others \(percent(evaluation.decidedAccuracy))"
        if evaluation.seconds > 0 {
            let rate = Int(Double(evaluation.count) / evaluation.seconds)
            text +=
                "\nscored in \(Quantity.fixed(evaluation.seconds, 2)) s: \(Quantity.grouped(rate)) articles a second"
        }
        if evaluation.unknown > 0 {
            text += "\n\(Quantity.grouped(evaluation.unknown)) articles have a label that the model does not know"
        }
        return text
    }

    private var topicTable: Table {
        var table = Table([
            .init("topic"), .init("articles", rightAligned: true), .init("precision", rightAligned: true),
            .init("recall", rightAligned: true), .init("F1", rightAligned: true),
        ])
        for topic in evaluation.topics.indices {
            table.append([
                evaluation.topics[topic].name, Quantity.grouped(evaluation.support(topic)),
                percent(evaluation.precision(topic)), percent(evaluation.recall(topic)), percent(evaluation.f1(topic)),
            ])
        }
        return table
    }

    private var confusionTable: Table {
        let numbers = evaluation.topics.indices.map { Table.Column("\($0 + 1)", rightAligned: true) }
        var table = Table([.init("topic")] + numbers)
        for topic in evaluation.topics.indices {
            let cells = evaluation.confusion[topic].map { $0 == 0 ? "." : Quantity.grouped($0) }
            table.append(["\(topic + 1) \(evaluation.topics[topic].name)"] + cells)
        }
        return table
    }

    private var calibrationTable: Table {
        var table = Table([
            .init("probability"), .init("articles", rightAligned: true), .init("said", rightAligned: true),
            .init("right", rightAligned: true),
        ])
        for (index, band) in evaluation.bands.enumerated() where band.count > 0 {
            table.append([
                "\(Quantity.fixed(Double(index) / 10, 1)) to \(Quantity.fixed(Double(index + 1) / 10, 1))",
                Quantity.grouped(band.count), percent(band.probability / Double(band.count)),
                percent(Double(band.right) / Double(band.count)),
            ])
        }
        return table
    }

    private func write(_ table: Table, to output: Output, _ style: Style) throws(CommandFailure) {
        for line in table.lines(width: nil, style: style) { try output.line(line) }
    }

    private func percent(_ share: Double) -> String { Quantity.fixed(share * 100, 1) + " %" }
}
