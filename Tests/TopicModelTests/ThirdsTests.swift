// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import TopicModel
@testable import TopicTraining

@Suite struct ThirdsTests {
    private static let share: Float = 0.125

    /// Long articles: the sentences of a topic in other orders, and a few of the others' among them.
    private static var articles: [LabelledText] {
        let topics = [("Thể thao", Sample.sport), ("Kinh doanh", Sample.business), ("Sức khỏe", Sample.health)]
        return topics.enumerated().flatMap { index, topic in
            (0..<8).map { number in
                let own = (0..<9).map { topic.1[($0 * 3 + number) % 10] }
                let foreign = topics[(index + 1 + number % 2) % 3].1[number]
                let sentences = own[..<6] + [foreign] + own[6...]
                return LabelledText(label: topic.0, parts: [sentences.joined(separator: " ")])
            }
        }
    }

    @Test func theScorersMarginsAreTheTrainers() throws {
        let directory = try TemporaryDirectory()
        let texts = Self.articles
        let options = Sample.options
        try Trainer(options: options).train(texts).write(to: "\(directory.path)/model")
        let model = try TopicModel(path: "\(directory.path)/model")
        let labels = try LabelSet(texts)
        var said = 0.0
        for plain in [false, true] {
            var corpus = Corpus(of: texts, plain: plain, longestPhrase: 2) { _ in }
            corpus.keep(fewestRows: 1, mostFeatures: .max)
            let weighting = Weighting(of: corpus, texts: Array(texts.indices), labels: labels, fewest: 1)
            let solver = try LinearSolver(
                corpus: corpus, rows: corpus.lessons(of: Array(texts.indices)), labels: labels.ofTexts, topics: 3,
                weighting: weighting, options: options)
            for (index, text) in texts.enumerated() {
                #expect(!corpus.thirds(of: index).isEmpty)
                let scored = HandMade.margins(model, plain ? Self.bare(text.parts[0]) : text.parts[0])
                let trained = solver.scored(text: index, in: corpus, weighting: weighting).margins
                let whole = solver.scored([corpus.row(index)], in: corpus, weighting: weighting).margins
                // The file keeps weights in 127 steps, and takes a few phrases for others.
                for (own, other) in zip(scored, trained) { #expect(abs(Double(own) - other) < 0.02) }
                for (one, other) in zip(trained, whole) { said = max(said, abs(one - other)) }
            }
        }
        #expect(said > 0.1, "the thirds say something that the whole does not")
    }

    /// 40 words without a border, for a third each; the border behind the text is the 121st place.
    @Test(arguments: [false, true]) func aThirdCountsAsATextOfItsOwn(plain: Bool) throws {
        let directory = try TemporaryDirectory()
        var margins: [[Float]] = []
        let words = ["bóng", "vàng", "thuốc", "đá", "giá"]
        let text = (0..<120).map { plain ? Self.bare(words[$0 * $0 % 7 % 5]) : words[$0 * $0 % 7 % 5] }
        // More topics than are summed side by side.
        let weights = words.enumerated().map { number, word in
            (word, (0..<40).map { topic in Float((topic * 31 + number * 17) % 23 - 11) })
        }
        let alone = try HandMade.model(weights, plain: plain, in: directory)
        let model = try HandMade.model(weights, thirdShare: Self.share, plain: plain, in: directory)
        for part in [0..<120, 0..<40, 40..<80, 80..<120] {
            margins.append(HandMade.margins(alone, text[part].joined(separator: " ")))
        }
        let both = HandMade.margins(model, text.joined(separator: " "))
        for topic in 0..<40 {
            let expected =
                margins[0][topic] * (1 - 3 * Self.share)
                + (margins[1][topic] + margins[2][topic] + margins[3][topic]) * Self.share
            #expect(abs(both[topic] - expected) < 1e-4)
            #expect(both[topic] != margins[0][topic])
        }
    }

    @Test func aPhraseOfTwoThirdsCountsInTheWholeAlone() throws {
        let directory = try TemporaryDirectory()
        var options = Sample.options
        options.evening = 0
        try Trainer(options: options).train(Self.articles).write(to: "\(directory.path)/model")
        options.thirdShare = 0
        try Trainer(options: options).train(Self.articles).write(to: "\(directory.path)/alone")
        let model = try TopicModel(path: "\(directory.path)/model")
        let alone = try TopicModel(path: "\(directory.path)/alone")
        // "huấn luyện" lies across the first border, "bệnh nhân" across the second.
        var words = [String](repeating: "của", count: 120)
        (words[39], words[40], words[79], words[80]) = ("huấn", "luyện", "bệnh", "nhân")
        let whole = HandMade.margins(alone, words.joined(separator: " "))
        let thirds = stride(from: 0, to: 120, by: 40).map {
            HandMade.margins(alone, words[$0..<$0 + 40].joined(separator: " "))
        }
        let both = HandMade.margins(model, words.joined(separator: " "))
        for topic in 0..<3 {
            let expected = whole[topic] * 0.625 + (thirds[0][topic] + thirds[1][topic] + thirds[2][topic]) * 0.125
            #expect(abs(both[topic] - expected) < 1e-5)
        }
    }

    @Test(arguments: [(118, false), (119, true)]) func onlyALongTextHasThirds(words: Int, hasThirds: Bool) throws {
        let directory = try TemporaryDirectory()
        let weights: [(String, [Float])] = [("bóng", [1, 0]), ("vàng", [0, 1])]
        let alone = try HandMade.model(weights, in: directory)
        let model = try HandMade.model(weights, thirdShare: Self.share, in: directory)
        // With the border behind it, it has one syllable more.
        let text = (0..<words).map { $0 < 30 ? "bóng" : "vàng" }.joined(separator: " ")
        #expect((HandMade.margins(model, text) != HandMade.margins(alone, text)) == hasThirds)
    }

    @Test func aModelWithoutThirdsAnswersAsItAlwaysDid() throws {
        let directory = try TemporaryDirectory()
        let model = try HandMade.model([("bóng", [1, -1]), ("vàng", [-0.5, 0.5])], in: directory)
        let text = (0..<3000).map { $0 % 7 == 0 ? "bóng" : "vàng" }.joined(separator: " ")
        var sums = [0.0, 0.0]
        for place in 0..<3000 {
            let weight = (64 * (0.4 + 1.6 * exp(-Double(min(place, 1023)) / 150))).rounded() / 64
            sums[place % 7 == 0 ? 0 : 1] += weight
        }
        let (ball, gold) = (sums[0].squareRoot(), sums[1].squareRoot())
        let expected = (ball - gold * 0.5) / (ball * ball + gold * gold).squareRoot()
        let margins = HandMade.margins(model, text)
        #expect(abs(Double(margins[0]) - expected) < 0.01, "\(margins), not \(expected)")
        #expect(margins[1] == -margins[0])
        let verdict = Sample.verdict(model, text)
        #expect(abs(Double(verdict.scores[0]) - 1 / (1 + exp(-2 * Double(margins[0])))) < 1e-5)
    }

    @Test func phrasesSayWhatTheySayInThirdsToo() throws {
        let directory = try TemporaryDirectory()
        let weights: [(String, [Float])] = [("bóng", [1, 0, 0, 0]), ("vàng", [0, 1, 0, 0])]
        let model = try HandMade.model(weights, thirdShare: Self.share, in: directory)
        let text = (0..<150).map { $0 < 60 ? "bóng" : $0 % 3 == 0 ? "vàng" : "là" }.joined(separator: " ")
        let verdict = Sample.verdict(model, text, explain: true)
        let margins = HandMade.margins(model, text)
        #expect(verdict.best == 0)
        let ball = try #require(verdict.phrases.first { $0.phrase == "bóng" })
        let gold = try #require(verdict.phrases.first { $0.phrase == "vàng" })
        // Above what it adds to the four topics in general, the one adds three quarters of the first margin to topic 0, the
        // other takes a quarter of the second.
        #expect(abs(ball.weight / gold.weight + 3 * margins[0] / margins[1]) < 1e-3)
    }

    @Test func aTextOfAnyLengthHasItsThirdsWithinBounds() throws {
        let directory = try TemporaryDirectory()
        let model = try HandMade.model([("bóng", [1, 0]), ("vàng", [0, 1])], thirdShare: 1.0 / 3, in: directory)
        var scorer = TopicScorer(model: model)
        for words in [120, Syllables.maxCount - 1, Syllables.maxCount + 10, 121] {
            scorer.begin()
            scorer.read(String(repeating: "bóng vàng ", count: words / 2))
            #expect(scorer.finish().scores.allSatisfy { $0.isFinite && $0 > 0 })
        }
    }

    private static func bare(_ text: String) -> String {
        let letters = text.unicodeScalars.flatMap { scalar -> [UInt32] in
            let letter = Letter(describing: scalar.value)
            return letter.kind == Letter.Kind.letter.rawValue ? [letter.base] : [scalar.value]
        }
        return String(String.UnicodeScalarView(letters.compactMap { Unicode.Scalar($0) }))
    }
}
