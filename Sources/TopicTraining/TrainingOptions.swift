// SPDX-License-Identifier: Apache-2.0
internal import TopicModel

/// How a model is trained.
public struct TrainingOptions: Sendable {
    /// The model's name in answers and logs.
    public var name = "topics"
    /// The same seed, data and options give the same file, byte for byte.
    public var seed: UInt32 = 1
    /// Syllables in the longest phrase, 1 to 4.
    public var longestPhrase = 2
    /// What a wrong training article costs, against the size of the weights: liblinear's C.
    public var cost = 0.35
    /// A phrase in fewer articles than this is not learned.
    public var fewestArticles = 3
    /// The largest file that may come out.
    public var mostBytes = 16_000_000
    /// Parts for calibration: each is scored by a model that did not learn from it. 2 to 20.
    public var folds = 3
    /// Below this probability the model's answer is undecided. The best candidates below a third were right two times in
    /// five on news that was held out.
    public var threshold: Float = 0.33
    /// What each third of a text that is long enough says besides the whole: its share of the margins, up to a third; 0
    /// scores the whole alone. The whole counts as much as five thirds.
    public var thirdShare = 0.125
    /// How much a topic's constant falls with the logarithm of the topic's share: what is scored later is mixed otherwise.
    public var evening = 0.03
    /// Names for people, by slug; a topic without one is called as its label.
    public var names: [String: String] = [:]
    /// Lines that tell where the data comes from.
    public var provenance: [String] = []

    /// The defaults.
    public init() {}

    func check() throws(TopicModelError) {
        func require(_ condition: Bool, _ what: String) throws(TopicModelError) {
            guard condition else { throw TopicModelError(.unsuitable, "training options: \(what)") }
        }
        try require((1...4).contains(longestPhrase), "phrases have 1 to 4 syllables, not \(longestPhrase)")
        try require(cost.isFinite && cost > 0, "the cost must be above 0, not \(cost)")
        try require(fewestArticles >= 1, "the fewest articles must be 1 or more, not \(fewestArticles)")
        try require((2...20).contains(folds), "2 to 20 folds, not \(folds)")
        try require((0...1).contains(threshold), "the threshold must be 0 to 1, not \(threshold)")
        try require((0...1.0 / 3).contains(thirdShare), "a third has a share of 0 to 1/3, not \(thirdShare)")
        try require(evening.isFinite, "the evening must be a number, not \(evening)")
        try require((65_536...1_000_000_000).contains(mostBytes), "a file of 64 KiB to 1 GB, not \(mostBytes) bytes")
        try require(
            !name.isEmpty && name.utf8.count <= 100 && !name.contains(where: \.isNewline),
            "a name of 1 to 100 bytes in a line")
    }
}

/// How far a training is: for people who wait.
public struct TrainingProgress: Sendable {
    /// What is being done, in a few words.
    public let stage: String
    /// How much of all the work is done: 0 to 1.
    public let fraction: Double
}
