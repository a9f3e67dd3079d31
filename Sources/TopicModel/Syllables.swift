// SPDX-License-Identifier: Apache-2.0
/// The syllables of one text as hashes, in order. The scanner writes them. The memory is reused from text to text.
///
/// Each syllable has two hashes: `marked`, of the letters with their marks and tone, and `plain`, of the bare letters.
/// A hash of 0 in both is a border (a full stop, a comma, a line end) that no phrase crosses.
@safe struct Syllables: ~Copyable {
    /// The limit of syllables and borders in a text, about 300 KB. It bounds the time and memory of one classification;
    /// the rest of a longer text would not change the topic.
    static let maxCount = 1 << 16

    private(set) var capacity: Int
    private(set) var marked: UnsafeMutablePointer<UInt64>
    private(set) var plain: UnsafeMutablePointer<UInt64>
    /// The place of each syllable: the number of its text in the high 8 bits, then start and end in 28 bits each.
    private(set) var places: UnsafeMutablePointer<UInt64>
    /// Syllables and borders.
    private(set) var count = 0
    /// Syllables with a letter.
    private(set) var words = 0
    /// Words that have a mark or a tone.
    private(set) var markedWords = 0
    /// Words with a mark that only Vietnamese has.
    private(set) var vietnameseWords = 0
    /// The first syllables, which are used for language detection.
    private(set) var samples = 0
    /// Those whose bare letters are possible in Vietnamese spelling.
    private(set) var possibleSamples = 0

    /// How many syllables and borders are used for language detection.
    static let sampled = 400

    init() {
        capacity = 2048
        unsafe marked = .allocate(capacity: capacity)
        unsafe plain = .allocate(capacity: capacity)
        unsafe places = .allocate(capacity: capacity)
    }

    deinit {
        unsafe marked.deallocate()
        unsafe plain.deallocate()
        unsafe places.deallocate()
    }

    var isFull: Bool { count >= Syllables.maxCount }

    mutating func removeAll() {
        count = 0
        words = 0
        markedWords = 0
        vietnameseWords = 0
        samples = 0
        possibleSamples = 0
    }

    /// Adds a border, unless the last entry is a border or there is none.
    @inline(__always)
    mutating func addBorder() {
        // The index is below `count`.
        guard count > 0, unsafe marked[count - 1] != 0 else { return }
        add(marked: 0, plain: 0, place: 0)
    }

    /// Adds a syllable at a place in the text of this number, 0 to 255.
    @inline(__always)
    mutating func add(_ syllable: Syllable, from start: Int, to end: Int, number: UInt64) {
        if count < Syllables.sampled {
            samples += 1
            possibleSamples += Int(syllable.kind.rawValue / Syllable.Kind.possible.rawValue & 1)
        }
        add(
            marked: syllable.marked, plain: syllable.plain,
            place: number << 56 | UInt64(truncatingIfNeeded: start) << 28 | UInt64(truncatingIfNeeded: end))
        // Without branches, because the next kind is unpredictable.
        words += Int(syllable.kind.rawValue & 1)
        markedWords += Int(syllable.kind.rawValue / Syllable.Kind.marked.rawValue & 1)
        vietnameseWords += Int(syllable.kind.rawValue / Syllable.Kind.vietnamese.rawValue & 1)
    }

    @inline(__always)
    private mutating func add(marked hash: UInt64, plain plainHash: UInt64, place: UInt64) {
        if count == capacity { grow() }
        // `count` < `capacity` now.
        unsafe marked[count] = hash
        unsafe plain[count] = plainHash
        unsafe places[count] = place
        count += 1
    }

    @inline(never)
    private mutating func grow() {
        unsafe marked = enlarged(marked)
        unsafe plain = enlarged(plain)
        unsafe places = enlarged(places)
        capacity *= 2
    }

    /// Moves the elements to an allocation for twice as many.
    private func enlarged(_ old: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<UInt64> {
        let new = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity * 2)
        unsafe new.moveInitialize(from: old, count: count)
        unsafe old.deallocate()
        return unsafe new
    }
}

/// A scanned syllable.
struct Syllable {
    /// The properties of a syllable.
    struct Kind: OptionSet {
        let rawValue: UInt8
        /// It has a letter.
        static let word = Kind(rawValue: 1)
        /// A word with a mark or a tone.
        static let marked = Kind(rawValue: 2)
        /// A word with a mark that only Vietnamese has: a hook, a dot below, a horn, or a tone on top of a mark.
        static let vietnamese = Kind(rawValue: 4)
        /// Its bare letters are possible in Vietnamese spelling.
        static let possible = Kind(rawValue: 8)
    }

    /// The hash of the letters with their marks and tone.
    let marked: UInt64
    /// The hash of the bare letters.
    let plain: UInt64
    let kind: Kind
}

/// The syllable that is being read, letter by letter.
struct OpenSyllable {
    /// Where the syllable begins.
    let start: Int
    private var marked = FeatureHash.start
    private var plain = FeatureHash.start
    private var tone: UInt32 = 0
    private var digits = 0
    private var hasLetter = false
    private var hasMark = false
    private var isVietnamese = false

    @inline(__always)
    init(at start: Int) { self.start = start }

    /// Adds a letter with its mark and its tone.
    @inline(__always)
    mutating func take(_ letter: Letter) {
        hasLetter = true
        marked = FeatureHash.step(marked, letter.base)
        plain = FeatureHash.step(plain, letter.base)
        if letter.bits & 0x7ff_0000 != 0 { takeMarks(of: letter) }
    }

    /// Adds the mark and the tone of a letter, or a combining one after its letter.
    @inline(__always)
    mutating func takeMarks(of letter: Letter) {
        if letter.mark != 0 {
            marked = FeatureHash.step(marked, letter.mark + 0x300)
            isVietnamese = isVietnamese || tone != 0 || letter.mark == 0x1c || letter.mark == Letter.stroke
            hasMark = true
        }
        if letter.tone != 0 {
            // Vietnamese has one tone per syllable. More tones (résumé) must be counted all the same.
            isVietnamese = isVietnamese || letter.tone >= 4 || (hasMark && tone == 0)
            tone = tone &* 8 &+ letter.tone
            hasMark = true
        }
    }

    @inline(__always)
    mutating func takeDigit(_ digit: UInt8) {
        digits += 1
        marked = FeatureHash.step(marked, UInt32(digit))
        plain = FeatureHash.step(plain, UInt32(digit))
    }

    /// Adds a letter that is not in the table, by its Unicode decomposition.
    mutating func takeRare(_ scalar: Int32) {
        hasLetter = true
        for part in Letter.decomposition(of: scalar) {
            let tone = Letter.tone(of: part)
            if tone > 0 {
                takeMarks(of: Letter(.tone, tone: tone))
            } else if (0x300...0x36f).contains(part) {
                takeMarks(of: Letter(.mark, mark: part - 0x300 + 1))
            } else {
                marked = FeatureHash.step(marked, part)
                plain = FeatureHash.step(plain, part)
            }
        }
    }

    /// The finished syllable.
    var ended: Syllable {
        guard hasLetter else {
            let hash = FeatureHash.number(digits: digits)
            return Syllable(marked: hash, plain: hash, kind: [])
        }
        let bare = FeatureHash.finish(plain, tone: 0)
        var kind = Syllable.Kind.word
        if hasMark { kind.insert(.marked) }
        if isVietnamese { kind.insert(.vietnamese) }
        if VietnameseSyllables.shared.contains(bare) { kind.insert(.possible) }
        return Syllable(marked: FeatureHash.finish(marked, tone: tone), plain: bare, kind: kind)
    }
}
