import Glibc

/// Scores texts with a model, one at a time. It keeps its memory from text to text; use one a thread.
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
    var counts = FeatureCounts()
    private var texts: UInt64 = 0
    // Both point into tables that live as long as the process.
    let scales: UnsafePointer<Float>
    let placeWeights: UnsafePointer<UInt16>
    /// How many look-ups are begun before they are needed.
    private static let ahead = 16
    /// Sums for the topics, 16 in each.
    private let accumulator: UnsafeMutablePointer<SIMD16<Float>>
    private let chunks: Int
    private var features = FeatureBuffer()

    /// Makes a scorer.
    public init(model: TopicModel) {
        self.model = model
        unsafe scales = ScorerTables.scales
        unsafe placeWeights = ScorerTables.placeWeights
        chunks = (model.topics.count + 15) / 16
        unsafe accumulator = .allocate(capacity: chunks)
    }

    deinit { unsafe accumulator.deallocate() }

    /// Forgets the last text.
    public mutating func begin() {
        syllables.removeAll()
        texts = 0
    }

    /// Reads a part of the text, UTF-8 in any normalisation form: the title, then the body. Nothing is kept of `text`
    /// but hashes and places. At most 65,536 syllables of all parts together count.
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
            let norm = accumulate(plain: plain)
        else {
            let even = [Float](repeating: 1 / Float(count), count: count)
            return Verdict(scores: even, best: 0, isGroundless: true, undecided: true, language: language, phrases: [])
        }
        let scores = probabilities(norm: norm, plain: plain)
        let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
        return Verdict(
            scores: scores, best: best, isGroundless: false, undecided: scores[best] < model.threshold,
            language: language,
            phrases: explained.isEmpty ? [] : phrases(for: best, plain: plain, in: explained))
    }

    /// Sums the rows of all features; answers the length of the feature vector, nil if none is known to the model.
    private mutating func accumulate(plain: Bool) -> Float? {
        counts.removeAll()
        let space = plain ? FeatureHash.plainSpace : FeatureHash.markedSpace
        let hashes = unsafe plain ? syllables.plain : syllables.marked
        let longest = Int(model.header.longestPhrase)
        features.removeAll(reserving: syllables.count * longest)
        for first in 0..<syllables.count {
            // `first` and `next` stay below `count`.
            let weight = unsafe placeWeights[min(first, ScorerTables.places - 1)]
            var phrase = unsafe hashes[first]
            if phrase == 0 { continue }
            features.add(FeatureHash.feature(phrase, space: space), weight: weight)
            var next = first + 1
            while next - first < longest, next < syllables.count {
                let syllable = unsafe hashes[next]
                next += 1
                if syllable == 0 { break }
                phrase = FeatureHash.join(phrase, syllable)
                features.add(FeatureHash.feature(phrase, space: space), weight: weight)
            }
        }
        let slots = SlotTable(model)
        let count = features.count
        for index in 0..<count {
            // Both indices are below `count`.
            unsafe slots.prefetch(features.hashes[min(index + TopicScorer.ahead, count - 1)])
            if let slot = unsafe slots.find(features.hashes[index]) {
                if unsafe counts.add(slot, weight: UInt64(features.weights[index])) { slots.prefetchRow(slot) }
            }
        }
        guard counts.count > 0 else { return nil }
        return sum(slots)
    }

    private mutating func sum(_ slots: SlotTable) -> Float {
        for chunk in 0..<chunks { unsafe accumulator[chunk] = .zero }
        var squares: Float = 0
        for position in 0..<counts.count {
            let (slot, sum) = counts.element(position)
            // `find` gave the slot: its row lies within the file, with padding behind the last.
            let row = unsafe slots.row(slot)
            let weight = FrequencyWeight.of(sum)
            let idf = unsafe weight * Float(row[0]) * ModelHeader.idfUnit
            squares += idf * idf
            let factor = unsafe weight * scales[Int(row[1])]
            let weights = unsafe UnsafeRawPointer(row + ModelHeader.weightOffset)
            for chunk in 0..<chunks {
                let part = unsafe weights.loadUnaligned(fromByteOffset: chunk * 16, as: SIMD16<Int8>.self)
                unsafe accumulator[chunk] += SIMD16<Float>(part) * factor
            }
        }
        return squares.squareRoot()
    }

    private func margins(norm: Float, plain: Bool) -> [Float] {
        let bias = plain ? model.plainBias : model.markedBias
        let scale = norm > 0 ? 1 / norm : 0
        return (0..<bias.count).map { topic in
            unsafe accumulator[topic / 16][topic % 16] * scale + bias[topic]
        }
    }

    private func probabilities(norm: Float, plain: Bool) -> [Float] {
        var sharpness = plain ? model.header.plainSharpness : model.header.markedSharpness
        sharpness *= norm / (norm + model.header.doubt)
        var scores = margins(norm: norm, plain: plain)
        let highest = scores.max() ?? 0
        var sum: Float = 0
        for index in scores.indices {
            scores[index] = exp((scores[index] - highest) * sharpness)
            sum += scores[index]
        }
        for index in scores.indices { scores[index] /= sum }
        return scores
    }
}
