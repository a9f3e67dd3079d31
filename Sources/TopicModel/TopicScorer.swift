/// Scores texts with a model, one at a time. It keeps its memory from text to text, 0.4 MB and up to 15 MB after a text of
/// 65,536 syllables; use one a thread.
///
///     scorer.begin()
///     scorer.read(title)
///     scorer.read(body)
///     let verdict = scorer.finish()
@safe public struct TopicScorer: ~Copyable {
    /// The model that it scores with.
    public let model: TopicModel

    private var scanner = SyllableScanner()
    var syllables = Syllables()
    var features = FeatureBuffer()
    var counts = FeatureCounts()
    /// What the last text's sums count: one by the length of its feature vector; with thirds, shares of that.
    var scales: PassageScales = .none
    private var texts: UInt64 = 0
    /// Of each 16 topics, 16 sums for each passage.
    let sums: UnsafeMutablePointer<Float>

    /// Makes a scorer.
    public init(model: TopicModel) {
        self.model = model
        let chunks = (model.topics.count + PassageScales.lanes - 1) / PassageScales.lanes
        unsafe sums = .allocate(capacity: chunks * FeatureCounts.passages * PassageScales.lanes)
    }

    deinit { unsafe sums.deallocate() }

    /// Forgets the last text.
    public mutating func begin() {
        syllables.removeAll()
        texts = 0
    }

    /// Reads a part of the text, UTF-8 in any normalisation form: the title, then the body. Nothing is kept of `text`
    /// but hashes, places, and the spelling of single syllables. At most 65,536 syllables of all parts together count.
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

    /// Whether the text has lost its marks: then it is compared with what the model learned of bare letters.
    var isPlain: Bool { syllables.markedWords * 8 < syllables.words }

    /// Scores what was read.
    ///
    /// - Parameter explained: the texts that were given to `read`, in the same order, if the verdict shall name the
    ///   phrases that decided it; empty otherwise.
    public mutating func finish(explaining explained: [String] = []) -> Verdict {
        let language = Language(of: syllables)
        let plain = isPlain
        let count = model.topics.count
        guard syllables.words > 0, language.tag == "vi" || !model.header.flags.contains(.vietnameseOnly),
            sumFeatures(plain: plain)
        else {
            let even = [Float](repeating: 1 / Float(count), count: count)
            return Verdict(scores: even, best: 0, isGroundless: true, undecided: true, language: language, phrases: [])
        }
        let scores = probabilities(plain: plain)
        let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
        return Verdict(
            scores: scores, best: best, isGroundless: false, undecided: scores[best] < model.threshold,
            language: language,
            phrases: explained.isEmpty ? [] : phrases(for: best, plain: plain, in: explained))
    }
}

/// What the model makes of one text.
public struct Verdict: Sendable, Equatable {
    /// The probability of each topic, in the order of the model's topics; they add up to 1.
    public let scores: [Float]
    /// The index of the most probable topic.
    public let best: Int
    /// There was nothing to go by: no word that the model knows, or another language. The scores are all the same.
    public let isGroundless: Bool
    /// The best topic is below the model's threshold, or there was nothing to go by.
    public let undecided: Bool
    /// The language of the text.
    public let language: Language
    /// The phrases that decided, if asked for: the most telling first.
    public let phrases: [DecidingPhrase]
}

/// A phrase of the text, and what it said.
public struct DecidingPhrase: Sendable, Equatable {
    /// The phrase as it stands in the text.
    public let phrase: String
    /// The index of the topic that it speaks about: the best one.
    public let topic: Int
    /// Its share of all that was said for and against the topic; negative speaks against.
    public let weight: Float
}
