// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import TopicModel
@testable import TopicTraining

@Suite struct CalibrationTests {
    /// Of 400 texts with margins of 0.5 and -0.5 three in four are right: a sharpness of ln 3 says just that, and 0.95 of it
    /// is kept, for other texts than those that were held out are wrong more often.
    @Test func lessIsClaimedThanHeldOutPartsBearOut() {
        let rows = [ScoredRow](repeating: ScoredRow(margins: [0.5, -0.5], length: 10), count: 400)
        let calibration = Calibration(rows: rows, labels: (0..<400).map { $0 % 4 == 0 ? 1 : 0 })
        let claimed = calibration.sharpness(of: 10)
        #expect(abs(claimed - 0.95 * 1.0986) < 0.01, "\(claimed)")
    }

    /// The same margins are right more often of short texts than of long ones.
    @Test func littleTextMaySayMore() {
        let rows = [20.0, 120].flatMap { length in
            [ScoredRow](repeating: ScoredRow(margins: [0.5, -0.5], length: length), count: 400)
        }
        let labels = (0..<800).map { $0 < 400 ? ($0 % 6 == 0 ? 1 : 0) : ($0 % 4 == 0 ? 1 : 0) }
        let calibration = Calibration(rows: rows, labels: labels)
        #expect(abs(calibration.sharpness(of: 20) - 0.95 * 1.6094) < 0.15, "ln 5")
        #expect(abs(calibration.sharpness(of: 120) - 0.95 * 1.0986) < 0.15, "ln 3")
        #expect(calibration.sharpness(of: 20) > calibration.sharpness(of: 120) * 1.2)
    }

    /// Three topics of 10, 10 and 4 articles.
    @Test func theConstantOfACommonTopicFalls() throws {
        let texts = Array(Sample.texts.prefix(24))
        let labels = try LabelSet(texts)
        var corpus = Corpus(of: texts, plain: false, longestPhrase: 2) { _ in }
        corpus.keep(fewestRows: 1, mostFeatures: .max)
        let weighting = Weighting(of: corpus, texts: Array(texts.indices), labels: labels, fewest: 1)
        let biases = try [0, 0.5].map { evening in
            var options = Sample.options
            options.evening = evening
            return try LinearSolver(
                corpus: corpus, rows: corpus.lessons(of: Array(texts.indices)), labels: labels.ofTexts, topics: 3,
                weighting: weighting, options: options
            ).biases
        }
        for (topic, label) in labels.topics.enumerated() {
            let share = Double(label.trainingArticles) * 3 / 24
            #expect(abs(biases[1][topic] - (biases[0][topic] - 0.5 * log(share))) < 1e-9)
        }
        #expect(labels.topics.map(\.trainingArticles).sorted() == [4, 10, 10])
    }

    /// One syllable at a text's begin counts 2, so the length of the vector is the root of 2, and the margins are 1 and -1.
    @Test(arguments: [(0, 0), (8, 0), (8, 0.5), (8, 1.75)] as [(Float, Float)])
    func theScorerKnowsHowLittleATextSays(doubt: Float, brevity: Float) throws {
        let directory = try TemporaryDirectory()
        let model = try HandMade.model([("bóng", [1, -1])], doubt: doubt, brevity: brevity, in: directory)
        var scorer = TopicScorer(model: model)
        scorer.begin()
        scorer.read("bóng")
        let length = Float(2).squareRoot()
        let sharpness = (length + brevity * doubt) / (length + doubt)
        #expect(abs(scorer.finish().scores[0] - 1 / (1 + exp(-2 * sharpness))) < 0.005)
    }

    /// Each part is scored by what the others alone tell: by their weights, and by how they weigh phrases.
    @Test func whatIsHeldOutTellsNothing() throws {
        let directory = try TemporaryDirectory()
        let (texts, options) = (Sample.texts, Sample.options)
        let labels = try LabelSet(texts)
        var corpus = Corpus(of: texts, plain: false, longestPhrase: options.longestPhrase) { _ in }
        corpus.keep(fewestRows: options.fewestArticles, mostFeatures: .max)
        let folds = labels.folds(options.folds)
        func calibration(weighing: (Int) -> [Int]) throws -> Calibration {
            var rows = [ScoredRow](repeating: ScoredRow(margins: [], length: 0), count: 2 * texts.count)
            for fold in 0..<options.folds {
                let others = texts.indices.filter { folds[$0] != fold }
                let weighting = Weighting(
                    of: corpus, texts: weighing(fold), labels: labels, fewest: options.fewestArticles)
                let solver = try LinearSolver(
                    corpus: corpus, rows: corpus.lessons(of: others), labels: labels.ofTexts, topics: 3,
                    weighting: weighting, options: options)
                for text in texts.indices where folds[text] == fold {
                    rows[text] = solver.scored(text: text, in: corpus, weighting: weighting)
                    let beginning = corpus.beginning(of: text)
                    rows[beginning] = solver.scored([corpus.row(beginning)], in: corpus, weighting: weighting)
                }
            }
            return Calibration(rows: rows, labels: labels.ofTexts + labels.ofTexts)
        }
        let honest = try calibration { fold in texts.indices.filter { folds[$0] != fold } }
        let told = try calibration { _ in Array(texts.indices) }
        try Trainer(options: options).train(texts).write(to: "\(directory.path)/model")
        let header = try TopicModel(path: "\(directory.path)/model").header
        #expect(abs(Double(header.markedSharpness) - honest.sharpness) < 1e-4)
        #expect(abs(told.sharpness - honest.sharpness) > 1e-2)
    }
}
