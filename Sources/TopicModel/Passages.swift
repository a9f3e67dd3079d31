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
