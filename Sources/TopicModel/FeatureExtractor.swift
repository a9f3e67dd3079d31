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
