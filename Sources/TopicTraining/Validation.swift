// SPDX-License-Identifier: Apache-2.0
public import TopicModel

/// Measures how good a model of some data would be: parts of the data are held out, and scored by a model of the rest.
public struct Validation {
    private let options: TrainingOptions
    private let report: (TrainingProgress) -> Void

    /// Makes a validation; `report` hears of its progress.
    public init(options: TrainingOptions, report: @escaping (TrainingProgress) -> Void = { _ in }) {
        self.options = options
        self.report = report
    }

    /// Holds out each of `parts` parts in turn; or, if `onlyLast`, the last alone.
    ///
    /// A part is a run of each topic's texts in the order of the data. What lies side by side there is alike (a paper's
    /// week), and would flatter if it were spread over the parts.
    public func run(
        _ texts: [LabelledText], parts: Int, onlyLast: Bool = false
    ) throws(TopicModelError) -> Evaluation {
        guard (2...100).contains(parts) else {
            throw TopicModelError(.unsuitable, "2 to 100 parts can be held out in turn, not \(parts)")
        }
        let labels = try LabelSet(texts)
        let folds = labels.folds(parts)
        let held = onlyLast ? parts - 1..<parts : 0..<parts
        var total: Evaluation?
        for fold in held {
            let rest = texts.indices.filter { folds[$0] != fold }.map { texts[$0] }
            let part = texts.indices.filter { folds[$0] == fold }.map { texts[$0] }
            let done = Double(fold - held.lowerBound)
            let trainer = Trainer(options: options) { progress in
                report(
                    TrainingProgress(
                        stage: "part \(fold + 1) of \(parts): \(progress.stage)",
                        fraction: (done + progress.fraction) / Double(held.count)))
            }
            let model = try TopicModel(
                bytes: trainer.train(rest).encoded(), name: "that is trained without part \(fold + 1)")
            let evaluation = Evaluation(of: model, on: part)
            total = total.map { $0.adding(evaluation) } ?? evaluation
        }
        guard let total else { throw TopicModelError(.unsuitable, "nothing was held out") }
        return total
    }
}
