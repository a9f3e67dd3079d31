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
