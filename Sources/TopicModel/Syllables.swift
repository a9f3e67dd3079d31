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
    /// How many of the first words are of each kind of evidence, and marked: for language detection.
    private(set) var samples = EvidenceCounts()

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
        samples = EvidenceCounts()
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
        if count < Syllables.sampled { samples.add(syllable.kind) }
        add(
            marked: syllable.marked, plain: syllable.plain,
            place: number << 56 | UInt64(truncatingIfNeeded: start) << 28 | UInt64(truncatingIfNeeded: end))
        // Without branches, because the next kind is unpredictable.
        words += Int(syllable.kind.isWord)
        markedWords += Int(syllable.kind.isMarked)
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
    /// The properties of a syllable, in one byte.
    struct Kind: Equatable {
        let rawValue: UInt8

        init(rawValue: UInt8) { self.rawValue = rawValue }

        init(_ evidence: Evidence, isMarked: Bool) {
            rawValue = evidence.rawValue << 2 | (isMarked ? 2 : 0) | (evidence == .none ? 0 : 1)
        }

        /// 1 if it has a letter.
        var isWord: UInt8 { rawValue & 1 }
        /// 1 if it is a word with a mark or a tone.
        var isMarked: UInt8 { rawValue >> 1 & 1 }
        /// What it says about the language; below 16.
        var evidence: Int { Int(rawValue >> 2 & 15) }
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
    /// It has a horn, a stroke, a hook or a dot below, which languages with other syllables lack.
    private var hasVietnameseLetter = false
    private let isCapital: Bool

    @inline(__always)
    init(at start: Int, isCapital: Bool = false) {
        self.start = start
        self.isCapital = isCapital
    }

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
            let isUnique = letter.mark == 0x1c || letter.mark == Letter.stroke
            isVietnamese = isVietnamese || tone != 0 || isUnique || letter.mark == 0x07
            hasVietnameseLetter = hasVietnameseLetter || isUnique
            hasMark = true
        }
        if letter.tone != 0 {
            // Vietnamese has one tone per syllable. More tones (résumé) must be counted all the same.
            isVietnamese = isVietnamese || letter.tone >= 4 || (hasMark && tone == 0)
            hasVietnameseLetter = hasVietnameseLetter || letter.tone >= 4
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

    /// The hash of the letters with their marks and tone.
    var markedHash: UInt64 { FeatureHash.finish(marked, tone: tone) }
    /// The hash of the letters with their marks, without the tone.
    var toneless: UInt64 { FeatureHash.finish(marked, tone: 0) }
    /// The hash of the bare letters.
    var bare: UInt64 { FeatureHash.finish(plain, tone: 0) }

    /// The finished syllable.
    var ended: Syllable {
        guard hasLetter else {
            let hash = FeatureHash.number(digits: digits)
            return Syllable(marked: hash, plain: hash, kind: Syllable.Kind(.none, isMarked: false))
        }
        return Syllable(marked: markedHash, plain: bare, kind: Syllable.Kind(evidence, isMarked: hasMark))
    }

    private var evidence: Evidence {
        if let known = ForeignWords.shared.evidence(of: markedHash) { return known }
        if VietnameseSpelling.shared.contains(toneless, tone: tone) {
            guard hasMark else { return .spelled }
            return isVietnamese || FunctionWords.contains(markedHash) ? .certain : .marked
        }
        if hasMark {
            if hasVietnameseLetter { return .lettered }
            return isCapital ? .strangeName : .strange
        }
        if VietnameseSyllables.shared.contains(bare) { return .possible }
        return isCapital ? .impossibleName : .impossible
    }
}
