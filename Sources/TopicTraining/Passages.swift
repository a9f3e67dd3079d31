/// The passages of a text that are learned from besides the whole text.
///
/// News of other months and papers shares turns of phrase with what was learned, not whole articles. A model that has to
/// know the topic from each half, each third and the opening alone relies less on the few words that gave a whole article
/// away.
enum Passages {
    /// How many passages a text has.
    static let count = 6
    /// Syllables of an opening: what a headline and a lead have.
    private static let opening = 60

    /// The opening, the halves and the thirds of a text of `syllables` syllables. A text that is hardly longer than an opening
    /// has only empty ones: it says nothing in parts that it does not say as a whole.
    static func ranges(of syllables: Int) -> [Range<Int>] {
        guard syllables >= 2 * opening else { return [Range<Int>](repeating: 0..<0, count: count) }
        let parts = [2, 3].flatMap { parts in
            (0..<parts).map { $0 * syllables / parts..<($0 + 1) * syllables / parts }
        }
        return [0..<opening] + parts
    }
}
