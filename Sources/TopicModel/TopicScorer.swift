// SPDX-License-Identifier: Apache-2.0
/// Scores texts with a model, one at a time. Use one scorer per thread. It reuses its memory from text to text: 0.4 MB,
/// and up to 15 MB after a text of 65,536 syllables.
///
///     scorer.begin()
///     scorer.read(title)
///     scorer.read(body)
///     let verdict = scorer.finish()
@safe public struct TopicScorer: ~Copyable {
    /// The model.
    public let model: TopicModel

    private var scanner = SyllableScanner()
    var syllables = Syllables()
    var features = FeatureBuffer()
    var counts = FeatureCounts()
    /// The scales of the last text's sums: the inverse length of its feature vector, or shares of it with thirds.
    var scales: PassageScales = .none
    private var texts: UInt64 = 0
    /// For every 16 topics, 16 sums per passage.
    let sums: UnsafeMutablePointer<Float>

    /// Creates a scorer.
    public init(model: TopicModel) {
        self.model = model
        let chunks = (model.topics.count + PassageScales.lanes - 1) / PassageScales.lanes
        unsafe sums = .allocate(capacity: chunks * FeatureCounts.passages * PassageScales.lanes)
    }

    deinit { unsafe sums.deallocate() }

    /// Begins a new text.
    public mutating func begin() {
        syllables.removeAll()
        texts = 0
    }

    /// Reads a part of the text: the title, then the body. It is UTF-8 in any normalization form. The scorer keeps only
    /// hashes, places, and the spelling of single syllables. At most 65,536 syllables of all parts together count.
    public mutating func read(_ text: RawSpan) {
        unsafe text.withUnsafeBytes { unsafe read($0) }
    }

    /// Reads a part of the text from a string.
    public mutating func read(_ text: String) {
        var copy = text
        copy.withUTF8 { unsafe read(UnsafeRawBufferPointer($0)) }
    }

    mutating func read(_ text: UnsafeRawBufferPointer) {
        unsafe scanner.scan(text, number: texts, into: &syllables)
        texts = min(texts + 1, 255)
    }

    /// The probability that a single word must have to be a topic. A model is trained on articles: of one word it is too
    /// certain.
    private static let oneWord: Float = 0.9

    /// Whether the text has lost its marks. It is then scored with the features of bare letters.
    var isPlain: Bool { syllables.markedWords * 8 < syllables.words }

    /// Scores the text.
    ///
    /// - Parameters:
    ///   - language: the BCP 47 tag that was given with the text. It is believed; empty: the language is detected.
    ///   - explained: the parts passed to `read`, in the same order, to get the phrases that decided; empty otherwise.
    public mutating func finish(language given: String = "", explaining explained: [String] = []) -> Verdict {
        let language = Language(given: given) ?? Language(of: syllables)
        let plain = isPlain
        let count = model.topics.count
        guard syllables.words > 0, language.tag == "vi" || !model.header.flags.contains(.vietnameseOnly),
            sumFeatures(plain: plain)
        else {
            let even = [Float](repeating: 1 / Float(count), count: count)
            return Verdict(
                scores: even, best: 0, isGroundless: true, saysNothing: true, undecided: true, language: language,
                phrases: [])
        }
        let scores = probabilities(plain: plain)
        let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
        let saysNothing = FunctionWords.areAll(of: syllables) || (syllables.words == 1 && scores[best] < Self.oneWord)
        return Verdict(
            scores: scores, best: best, isGroundless: false, saysNothing: saysNothing,
            undecided: saysNothing || scores[best] < model.threshold, language: language,
            phrases: explained.isEmpty ? [] : phrases(for: best, plain: plain, in: explained))
    }
}

/// The model's verdict on one text.
public struct Verdict: Sendable, Equatable {
    /// The probability of each topic, in the order of the model's topics; they add up to 1.
    public let scores: [Float]
    /// The index of the most probable topic.
    public let best: Int
    /// Whether the text has no word that the model knows, or is in another language. All scores are then equal.
    public let isGroundless: Bool
    /// Whether the text has only words that occur in every text, as "của" and "là", or is groundless.
    public let saysNothing: Bool
    /// Whether the best score is below the model's threshold, or the text says nothing.
    public let undecided: Bool
    /// The language of the text.
    public let language: Language
    /// The phrases that decided, strongest first; empty unless requested.
    public let phrases: [DecidingPhrase]
}

/// A phrase of the text with its weight.
public struct DecidingPhrase: Sendable, Equatable {
    /// The phrase, as written in the text.
    public let phrase: String
    /// The index of the topic: always the best one.
    public let topic: Int
    /// Its share of all weights for and against the topic. Negative: against.
    public let weight: Float
}
