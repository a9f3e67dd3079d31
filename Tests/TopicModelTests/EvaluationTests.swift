// SPDX-License-Identifier: Apache-2.0
import Testing
import TopicModel
import TopicTraining

@Suite struct EvaluationTests {
    private static let topics = ["a", "b", "c"].map { TopicLabel(slug: $0, name: $0, trainingArticles: 1) }

    @Test func theFiguresAreThoseOfTheConfusion() {
        var evaluation = Evaluation(topics: Self.topics)
        // Right a: 3 answered a, 1 answered b. Right b: 2 answered b. Nothing of c.
        for _ in 0..<3 { evaluation.add(right: 0, answered: 0, probability: 0.9, undecided: false) }
        evaluation.add(right: 0, answered: 1, probability: 0.4, undecided: true)
        for _ in 0..<2 { evaluation.add(right: 1, answered: 1, probability: 0.8, undecided: false) }
        #expect(evaluation.count == 6)
        #expect(evaluation.undecided == 1)
        #expect(abs(evaluation.accuracy - 5.0 / 6) < 1e-9)
        #expect(evaluation.decidedAccuracy == 1)
        #expect(abs(evaluation.precision(1) - 2.0 / 3) < 1e-9)
        #expect(evaluation.recall(1) == 1)
        #expect(abs(evaluation.f1(0) - 6.0 / 7) < 1e-9)
        #expect(abs(evaluation.macroF1 - (6.0 / 7 + 0.8) / 2) < 1e-9)
        // Bands: 0.9 three times, all right; 0.4 once, wrong; 0.8 twice, right.
        #expect(abs(evaluation.calibrationError - (0.3 + 0.4 + 0.4) / 6) < 1e-6)
    }

    @Test func aModelKnowsWhatItLearned() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        let known = Evaluation(of: model, on: Sample.texts)
        #expect(known.count == 30 && known.unknown == 0)
        #expect(known.accuracy >= 0.95)
        let unknown = Evaluation(of: model, on: [LabelledText(label: "Khác", parts: ["một"])])
        #expect(unknown.count == 0 && unknown.unknown == 1 && unknown.accuracy == 0)
    }
}
