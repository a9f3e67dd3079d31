/// What the scanner makes of a syllable.
struct Syllable {
    /// What a syllable counts as.
    struct Kind: OptionSet {
        let rawValue: UInt8
        /// It has a letter.
        static let word = Kind(rawValue: 1)
        /// A word that bears a mark or a tone.
        static let marked = Kind(rawValue: 2)
        /// A word that bears what only Vietnamese has: a hook, a dot below, a horn, or a tone on top of a mark.
        static let vietnamese = Kind(rawValue: 4)
        /// Vietnamese spelling allows its bare letters.
        static let possible = Kind(rawValue: 8)
    }

    /// The hash of the letters with their marks and tone.
    let marked: UInt64
    /// The hash of the bare letters.
    let plain: UInt64
    let kind: Kind
}
