// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Extracts the features of texts for training. Syllables, phrases and hashes are the same as in the scorer.
package struct FeatureExtractor: ~Copyable {
    private var scanner = SyllableScanner()
    private var syllables = Syllables()
    private let longestPhrase: Int

    /// `longestPhrase`: 1 to 4 syllables.
    package init(longestPhrase: Int) { self.longestPhrase = longestPhrase }

    /// Reads a text. `appendFeatures` then returns its features.
    package mutating func read(_ parts: [String]) {
        syllables.removeAll()
        for (number, part) in parts.enumerated() {
            var copy = part
            copy.withUTF8 { bytes in
                unsafe scanner.scan(UnsafeRawBufferPointer(bytes), number: UInt64(min(number, 255)), into: &syllables)
            }
        }
    }

    /// The language of the text.
    package var language: Language { Language(of: syllables) }

    /// The number of syllables and borders in the text.
    package var count: Int { syllables.count }

    /// Appends the hash and the place weight of every occurrence of a feature in a passage, in the order of the text. A
    /// passage counts as a text of its own.
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
    /// Calls `body` for every occurrence of a feature in a passage that begins in `part`, in the order of the text,
    /// with its hash, its first and its last syllable. A feature is a phrase of up to `longest` syllables that crosses
    /// no border.
    @inline(__always)
    func forEachFeature(
        of passage: Range<Int>, beginningIn part: Range<Int>, plain isPlain: Bool, longest: Int,
        _ body: (UInt64, _ first: Int, _ last: Int) -> Void
    ) {
        let passage = passage.clamped(to: 0..<count)
        let space = isPlain ? FeatureHash.plainSpace : FeatureHash.markedSpace
        let hashes = unsafe isPlain ? plain : marked
        for first in part.clamped(to: passage) {
            // Indices stay within the passage, which was clamped to the text.
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

/// The hashes that identify features. They are part of the file format: a different hash would invalidate every model.
enum FeatureHash {
    static let multiplier: UInt64 = 0x9e37_79b9_7f4a_7c15
    static let start: UInt64 = 0x243f_6a88_85a3_08d3

    /// Adds a code point to the hash of a syllable.
    @inline(__always)
    static func step(_ hash: UInt64, _ value: UInt32) -> UInt64 {
        (hash ^ UInt64(value)) &* multiplier
    }

    /// Finishes the hash of a syllable; never 0, which means a border.
    @inline(__always)
    static func finish(_ hash: UInt64, tone: UInt32) -> UInt64 {
        mix(hash ^ UInt64(tone) &* 0xd6e8_feb8_6659_fd93) | 1
    }

    /// The hash of a number depends only on its count of digits, so that 2004 and 2009 are one feature.
    @inline(__always)
    static func number(digits: Int) -> UInt64 {
        mix(UInt64(truncatingIfNeeded: min(digits, 12)) ^ 0x4528_21e6_38d0_1377) | 1
    }

    /// Extends a phrase by a syllable.
    @inline(__always)
    static func join(_ phrase: UInt64, _ syllable: UInt64) -> UInt64 {
        let sum = ((phrase << 21 | phrase >> 43) ^ syllable) &* multiplier
        return sum ^ (sum >> 32)
    }

    /// The hash for the lookup of a feature. `space` separates marked from plain text.
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

/// The passages of a text that are used for training in addition to the whole text. Some of them are also scored.
///
/// News of other months and papers shares phrases with the training data, not whole articles. A model that must
/// recognize the topic from each half, each third and the opening alone depends less on a few words of a whole article.
/// A scorer that scores each third separately depends less on the strongest part.
package enum Passages {
    /// The number of passages of a text.
    package static let count = 6
    /// The indices of the thirds.
    package static let thirds = 3..<6
    /// The length of an opening in syllables, about a headline and a lead.
    private static let opening = 60

    /// The opening, the halves and the thirds of a text of `syllables` syllables and borders. In a text hardly longer
    /// than an opening, all of them are empty.
    package static func ranges(of syllables: Int) -> [Range<Int>] {
        guard hasPassages(syllables) else { return [Range<Int>](repeating: 0..<0, count: count) }
        return [0..<opening] + (0..<2).map { part($0, of: 2, syllables) } + (0..<3).map { third($0, of: syllables) }
    }

    /// Whether a text of this many syllables and borders has passages.
    package static func hasPassages(_ syllables: Int) -> Bool { syllables >= 2 * opening }

    /// One of the three thirds of a text that has passages.
    @inline(__always)
    static func third(_ number: Int, of syllables: Int) -> Range<Int> { part(number, of: 3, syllables) }

    @inline(__always)
    private static func part(_ number: Int, of parts: Int, _ syllables: Int) -> Range<Int> {
        number * syllables / parts..<(number + 1) * syllables / parts
    }
}

/// The weight of a syllable by its position in the text, in 64ths. News states its topic in the first sentences, so a
/// syllable there counts up to 5 times as much as one far below.
@safe struct PlaceWeights {
    private static let places = 1024
    nonisolated(unsafe) private static let table: UnsafePointer<UInt16> =
        unsafe ScorerTables.constant((0..<places).map { UInt16((64 * (0.4 + 1.6 * exp(-Double($0) / 150))).rounded()) })

    private let table: UnsafePointer<UInt16>

    init() { unsafe table = PlaceWeights.table }

    /// The weight at a position from 0. From position 1023 on it is constant.
    @inline(__always)
    subscript(place: Int) -> UInt16 {
        unsafe table[min(place, PlaceWeights.places - 1)]  // the table is as long
    }
}

/// The weight of a feature from the sum of its place weights: the square root, because the tenth occurrence of a word
/// says less than the first. `cscoring_sum` does the same.
package enum FrequencyWeight {
    /// `sum` is in 64ths.
    @inline(__always)
    package static func of(_ sum: UInt32) -> Float { (Float(sum) * (1.0 / 64)).squareRoot() }
}
