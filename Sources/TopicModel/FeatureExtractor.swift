/// Takes the features of texts for training: the same syllables and phrases, under the same hashes, as the scorer.
package struct FeatureExtractor: ~Copyable {
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
                var scanner = unsafe SyllableScanner(table: ScorerTables.letters)
                unsafe scanner.scan(UnsafeRawBufferPointer(bytes), number: UInt64(min(number, 255)), into: &syllables)
            }
        }
    }

    /// The language of what was read.
    package var language: Language { Language(of: syllables) }

    /// Appends the hash of every occurrence of a feature, in the text's order, and what its place weighs.
    package func appendFeatures(plain: Bool, to features: inout [UInt64], weights: inout [UInt16]) {
        appendFeatures(of: syllables.count, plain: plain, to: &features, weights: &weights)
    }

    /// The same for the first syllables and borders alone.
    package func appendFeatures(
        of most: Int, plain: Bool, to features: inout [UInt64], weights: inout [UInt16]
    ) {
        let count = min(most, syllables.count)
        let space = plain ? FeatureHash.plainSpace : FeatureHash.markedSpace
        for first in 0..<count {
            // Indices stay below `count`.
            var phrase = unsafe plain ? syllables.plain[first] : syllables.marked[first]
            if phrase == 0 { continue }
            let weight = unsafe ScorerTables.placeWeights[min(first, ScorerTables.places - 1)]
            features.append(FeatureHash.feature(phrase, space: space))
            weights.append(weight)
            var next = first + 1
            while next < count, next - first < longestPhrase {
                let syllable = unsafe plain ? syllables.plain[next] : syllables.marked[next]
                if syllable == 0 { break }
                phrase = FeatureHash.join(phrase, syllable)
                features.append(FeatureHash.feature(phrase, space: space))
                weights.append(weight)
                next += 1
            }
        }
    }
}
