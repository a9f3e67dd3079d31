import Glibc

/// Takes the features of texts for training: the same syllables and phrases, under the same hashes, as the scorer.
package struct FeatureExtractor: ~Copyable {
    private var scanner = SyllableScanner()
    private var syllables = Syllables()
    private let longestPhrase: Int

    /// `longestPhrase`: 1 to 4 syllables.
    package init(longestPhrase: Int) { self.longestPhrase = longestPhrase }

    /// Reads a text: what `features` then answers from.
    package mutating func read(_ parts: [String]) {
        syllables.removeAll()
        for (number, part) in parts.enumerated() {
            var copy = part
            copy.withUTF8 { bytes in
                unsafe scanner.scan(UnsafeRawBufferPointer(bytes), number: UInt64(min(number, 255)), into: &syllables)
            }
        }
    }

    /// The language of what was read.
    package var language: Language { Language(of: syllables) }

    /// How many syllables and borders were read.
    package var count: Int { syllables.count }

    /// Appends the hash of every occurrence of a feature in a passage of the text, in the text's order, and what its
    /// place in the passage weighs: a passage counts as if it were a text of its own.
    package func appendFeatures(
        of passage: Range<Int>, plain: Bool, to features: inout [UInt64], weights: inout [UInt16]
    ) {
        let places = PlaceWeights()
        syllables.forEachFeature(
            of: passage, beginningIn: passage, plain: plain, longest: longestPhrase
        ) { hash, first, _ in
            features.append(hash)
            weights.append(places[first - passage.lowerBound])
        }
    }
}

extension Syllables {
    /// Calls `body` with the hash of every occurrence of a feature in a passage that begins in a part of it, in the text's
    /// order, and with its first and its last syllable. A feature is a phrase of up to `longest` syllables that crosses no
    /// border.
    @inline(__always)
    func forEachFeature(
        of passage: Range<Int>, beginningIn part: Range<Int>, plain isPlain: Bool, longest: Int,
        _ body: (UInt64, _ first: Int, _ last: Int) -> Void
    ) {
        let passage = passage.clamped(to: 0..<count)
        let space = isPlain ? FeatureHash.plainSpace : FeatureHash.markedSpace
        let hashes = unsafe isPlain ? plain : marked
        for first in part.clamped(to: passage) {
            // Indices stay within the passage, which was cut to what was read.
            var phrase = unsafe hashes[first]
            if phrase == 0 { continue }
            body(FeatureHash.feature(phrase, space: space), first, first)
            var last = first + 1
            while last < passage.upperBound, last - first < longest {
                let syllable = unsafe hashes[last]
                if syllable == 0 { break }
                phrase = FeatureHash.join(phrase, syllable)
                body(FeatureHash.feature(phrase, space: space), first, last)
                last += 1
            }
        }
    }
}

/// The hashes that name features. They are part of the model file's format: another hash makes every model foreign.
enum FeatureHash {
    static let multiplier: UInt64 = 0x9e37_79b9_7f4a_7c15
    static let start: UInt64 = 0x243f_6a88_85a3_08d3

    /// Takes one more code point into the hash of a syllable.
    @inline(__always)
    static func step(_ hash: UInt64, _ value: UInt32) -> UInt64 {
        (hash ^ UInt64(value)) &* multiplier
    }

    /// Ends a syllable; never 0, which means a border.
    @inline(__always)
    static func finish(_ hash: UInt64, tone: UInt32) -> UInt64 {
        mix(hash ^ UInt64(tone) &* 0xd6e8_feb8_6659_fd93) | 1
    }

    /// A number counts by how many digits it has, so that 2004 and 2009 are one feature.
    @inline(__always)
    static func number(digits: Int) -> UInt64 {
        mix(UInt64(truncatingIfNeeded: min(digits, 12)) ^ 0x4528_21e6_38d0_1377) | 1
    }

    /// Prolongs a phrase by a syllable.
    @inline(__always)
    static func join(_ phrase: UInt64, _ syllable: UInt64) -> UInt64 {
        let sum = ((phrase << 21 | phrase >> 43) ^ syllable) &* multiplier
        return sum ^ (sum >> 32)
    }

    /// The hash that a feature is looked up by: `space` tells marked from plain text.
    @inline(__always)
    static func feature(_ phrase: UInt64, space: UInt64) -> UInt64 {
        mix(phrase ^ space)
    }

    static let markedSpace: UInt64 = 0
    static let plainSpace: UInt64 = 0xa409_3822_299f_31d0

    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        var hash = value
        hash ^= hash >> 32
        hash = hash &* 0xd6e8_feb8_6659_fd93
        hash ^= hash >> 32
        return hash
    }
}

/// The passages of a text that are learned from, and some of them scored, besides the whole text.
///
/// News of other months and papers shares turns of phrase with what was learned, not whole articles. A model that has to
/// know the topic from each half, each third and the opening alone relies less on the few words that gave a whole article
/// away; and a scorer that hears each third for itself relies less on the part that says the most.
package enum Passages {
    /// How many passages a text is learned from.
    package static let count = 6
    /// Which of them are the thirds.
    package static let thirds = 3..<6
    /// Syllables of an opening: what a headline and a lead have.
    private static let opening = 60

    /// The opening, the halves and the thirds of a text of `syllables` syllables and borders. A text that is hardly longer
    /// than an opening has only empty ones: it says nothing in parts that it does not say as a whole.
    package static func ranges(of syllables: Int) -> [Range<Int>] {
        guard hasPassages(syllables) else { return [Range<Int>](repeating: 0..<0, count: count) }
        return [0..<opening] + (0..<2).map { part($0, of: 2, syllables) } + (0..<3).map { third($0, of: syllables) }
    }

    /// Whether a text of so many syllables and borders has passages.
    package static func hasPassages(_ syllables: Int) -> Bool { syllables >= 2 * opening }

    /// One of the three thirds of a text that has passages.
    @inline(__always)
    static func third(_ number: Int, of syllables: Int) -> Range<Int> { part(number, of: 3, syllables) }

    @inline(__always)
    private static func part(_ number: Int, of parts: Int, _ syllables: Int) -> Range<Int> {
        number * syllables / parts..<(number + 1) * syllables / parts
    }
}

/// What the syllable at each place of a text counts, in 64ths. News tells what it is about in its first sentences: there a
/// syllable counts up to 5 times as much as far behind.
@safe struct PlaceWeights {
    private static let places = 1024
    nonisolated(unsafe) private static let table: UnsafePointer<UInt16> =
        unsafe ScorerTables.constant((0..<places).map { UInt16((64 * (0.4 + 1.6 * exp(-Double($0) / 150))).rounded()) })

    private let table: UnsafePointer<UInt16>

    init() { unsafe table = PlaceWeights.table }

    /// What the syllable at a place from 0 on counts: from the 1024th on all count the same.
    @inline(__always)
    subscript(place: Int) -> UInt16 {
        unsafe table[min(place, PlaceWeights.places - 1)]  // the table is as long
    }
}

/// What the sum of the weights of a feature's places counts: its square root, for the tenth time that a word stands in a
/// text says less than the first. `cscoring_sum` does the same.
package enum FrequencyWeight {
    /// `sum` is in 64ths.
    @inline(__always)
    package static func of(_ sum: UInt32) -> Float { (Float(sum) * (1.0 / 64)).squareRoot() }
}
