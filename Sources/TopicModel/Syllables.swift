/// The syllables of one text as hashes, in order: the scanner's output, kept from text to text to save allocations.
///
/// Each syllable has two hashes: `marked`, of the letters with their marks and tone, and `plain`, of the bare letters.
/// A hash of 0 in both is a border (a full stop, a comma, a line's end) that no phrase crosses.
@safe struct Syllables: ~Copyable {
    /// How many syllables and borders of a text are looked at: some 300 KB of it. What comes behind adds no more to
    /// the topic, and this bounds the time and memory of one classification.
    static let most = 1 << 16

    private(set) var capacity: Int
    private(set) var marked: UnsafeMutablePointer<UInt64>
    private(set) var plain: UnsafeMutablePointer<UInt64>
    /// Where each syllable stands in its text: the text's number in the high 8 bits, then 28 bits each of start and end.
    private(set) var places: UnsafeMutablePointer<UInt64>
    /// Syllables and borders.
    private(set) var count = 0
    /// Syllables with a letter.
    private(set) var words = 0
    /// Those of them that bear a mark or a tone.
    private(set) var markedWords = 0
    /// Those that bear what only Vietnamese has.
    private(set) var vietnameseWords = 0
    /// The syllables that the language is told by: the first ones.
    private(set) var samples = 0
    /// Those of them whose bare letters Vietnamese spelling allows.
    private(set) var possibleSamples = 0

    /// How many syllables and borders are looked at to tell the language.
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

    var isFull: Bool { count >= Syllables.most }

    mutating func removeAll() {
        count = 0
        words = 0
        markedWords = 0
        vietnameseWords = 0
        samples = 0
        possibleSamples = 0
    }

    /// Adds a border, unless the last one added is a border too or there is nothing before it.
    @inline(__always)
    mutating func addBorder() {
        // The index is below `count`.
        guard count > 0, unsafe marked[count - 1] != 0 else { return }
        add(marked: 0, plain: 0, place: 0)
    }

    /// Adds a syllable that stands in the text of that number, 0 to 255, from one position to another.
    @inline(__always)
    mutating func add(_ syllable: Syllable, from start: Int, to end: Int, number: UInt64) {
        if count < Syllables.sampled {
            samples += 1
            possibleSamples += Int(syllable.kind.rawValue / Syllable.Kind.possible.rawValue & 1)
        }
        add(
            marked: syllable.marked, plain: syllable.plain,
            place: number << 56 | UInt64(truncatingIfNeeded: start) << 28 | UInt64(truncatingIfNeeded: end))
        // Without branches: which kind comes next nobody can tell.
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

    /// Moves `capacity` elements to a place for twice as many.
    private func enlarged(_ old: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<UInt64> {
        let new = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity * 2)
        unsafe new.moveInitialize(from: old, count: count)
        unsafe old.deallocate()
        return unsafe new
    }
}
