// SPDX-License-Identifier: Apache-2.0
public import TopicModel

/// How good a model is on labelled texts.
public struct Evaluation: Sendable {
    /// The topics, in the order of the model.
    public let topics: [TopicLabel]
    /// `confusion[right][answered]`: how many texts.
    public private(set) var confusion: [[Int]]
    /// Texts that were scored.
    public private(set) var count = 0
    /// Of them, those that the model left undecided; they count with their best candidate all the same.
    public private(set) var undecided = 0
    /// Of the decided ones, those that were right.
    public private(set) var decidedRight = 0
    /// Texts whose label the model does not know: they are left out.
    public private(set) var unknown = 0
    /// Ten bands of the answered probability: how many texts, their sum of probabilities, how many were right.
    public private(set) var bands: [(count: Int, probability: Double, right: Int)]

    /// How long scoring took, from UTF-8 to topics, in seconds; 0 if the answers were made elsewhere.
    public private(set) var seconds = 0.0

    /// Starts with nothing counted.
    public init(topics: [TopicLabel]) {
        self.topics = topics
        confusion = [[Int]](repeating: [Int](repeating: 0, count: topics.count), count: topics.count)
        bands = Array(repeating: (0, 0, 0), count: 10)
    }

    /// Scores `texts` with `model`. `report` hears how many are done.
    public init(of model: TopicModel, on texts: [LabelledText], report: (Int) -> Void = { _ in }) {
        self.init(topics: model.topics)
        var scorer = TopicScorer(model: model)
        let numbers = Dictionary(uniqueKeysWithValues: topics.enumerated().map { ($1.slug, $0) })
        let labels = Dictionary(
            texts.map { ($0.label, numbers[Slug.make($0.label)]) }, uniquingKeysWith: { first, _ in first })
        let start = ContinuousClock.now
        defer { seconds = (ContinuousClock.now - start) / .seconds(1) }
        for (index, text) in texts.enumerated() {
            if index % 256 == 0 { report(index) }
            guard let right = labels[text.label, default: nil] else {
                unknown += 1
                continue
            }
            scorer.begin()
            for part in text.parts { scorer.read(part) }
            let verdict = scorer.finish()
            add(
                right: right, answered: verdict.best, probability: verdict.scores[verdict.best],
                undecided: verdict.undecided)
        }
    }

    /// Counts one answer.
    public mutating func add(right: Int, answered: Int, probability: Float, undecided isUndecided: Bool) {
        count += 1
        confusion[right][answered] += 1
        if isUndecided {
            undecided += 1
        } else if right == answered {
            decidedRight += 1
        }
        let band = max(0, min(9, Int(probability * 10)))
        bands[band].count += 1
        bands[band].probability += Double(probability)
        bands[band].right += right == answered ? 1 : 0
    }

    /// This and another part of the same data together.
    func adding(_ other: Evaluation) -> Evaluation {
        var sum = self
        sum.count += other.count
        sum.undecided += other.undecided
        sum.decidedRight += other.decidedRight
        sum.unknown += other.unknown
        sum.seconds += other.seconds
        for right in topics.indices {
            for answered in topics.indices { sum.confusion[right][answered] += other.confusion[right][answered] }
        }
        for band in bands.indices {
            sum.bands[band].count += other.bands[band].count
            sum.bands[band].probability += other.bands[band].probability
            sum.bands[band].right += other.bands[band].right
        }
        return sum
    }

    /// The share of right answers.
    public var accuracy: Double { ratio(topics.indices.reduce(0) { $0 + confusion[$1][$1] }, count) }

    /// The share of right answers among those that the model decided.
    public var decidedAccuracy: Double { ratio(decidedRight, count - undecided) }

    /// How many texts have the topic.
    public func support(_ topic: Int) -> Int { confusion[topic].reduce(0, +) }

    /// Of the texts that were said to have the topic, the share that has it.
    public func precision(_ topic: Int) -> Double {
        ratio(confusion[topic][topic], topics.indices.reduce(0) { $0 + confusion[$1][topic] })
    }

    /// Of the texts that have the topic, the share that was said to.
    public func recall(_ topic: Int) -> Double { ratio(confusion[topic][topic], support(topic)) }

    /// The harmonic mean of precision and recall.
    public func f1(_ topic: Int) -> Double {
        let sum = precision(topic) + recall(topic)
        return sum > 0 ? 2 * precision(topic) * recall(topic) / sum : 0
    }

    /// The mean of the topics' F1, over those that occur.
    public var macroF1: Double {
        let present = topics.indices.filter { support($0) > 0 }
        return present.isEmpty ? 0 : present.reduce(0) { $0 + f1($1) } / Double(present.count)
    }

    /// How far the probabilities are from the truth: the mean distance over ten bands, weighted with their texts.
    public var calibrationError: Double {
        bands.reduce(0) { $0 + abs($1.probability - Double($1.right)) } / Double(max(count, 1))
    }

    private func ratio(_ part: Int, _ whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
}
