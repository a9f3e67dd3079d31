/// Syllables that were taken apart before, by the bytes they are written with. News is made of some thousand of them.
///
/// Each has one place that it can be in, and whoever comes later takes the place: 128 KB, whatever was read.
@safe struct KnownSyllables: ~Copyable {
    /// The bytes of a syllable: 1 to 15, with zeros behind them.
    struct Spelling {
        /// More bytes than this are not remembered; decomposed Vietnamese has up to 12.
        static let mostBytes = 15

        fileprivate let low: UInt64
        /// Its highest byte is free.
        fileprivate let high: UInt64

        /// Reads `count` bytes at `bytes`, of which there are 16.
        @inline(__always)
        init(_ bytes: UnsafePointer<UInt8>, count: Int) {
            let words = unsafe UnsafeRawPointer(bytes)
            let first = unsafe UInt64(littleEndian: words.loadUnaligned(as: UInt64.self))
            let second = unsafe UInt64(littleEndian: words.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            low = first & (.max >> UInt64(64 - 8 * min(count, 8)))
            high = second & (.max >> UInt64(64 - 8 * max(count - 8, 0)))
        }
    }

    private struct Entry {
        var low: UInt64 = 0
        /// The highest byte is the syllable's kind.
        var high: UInt64 = 0
        var marked: UInt64 = 0
        var plain: UInt64 = 0
    }

    private static let places = 4096
    private static let bytes: UInt64 = .max >> 8
    private let entries: UnsafeMutablePointer<Entry>

    init() {
        unsafe entries = .allocate(capacity: KnownSyllables.places)
        unsafe entries.initialize(repeating: Entry(), count: KnownSyllables.places)
    }

    deinit { unsafe entries.deallocate() }

    @inline(__always)
    private func place(of spelling: Spelling) -> UnsafeMutablePointer<Entry> {
        let sum = (spelling.low ^ (spelling.high &* FeatureHash.start)) &* FeatureHash.multiplier
        return unsafe entries + Int(sum >> 52)  // 12 bits: below `places`
    }

    /// The syllable that is written so; nil if it is not known.
    @inline(__always)
    func find(_ spelling: Spelling) -> Syllable? {
        // No spelling is all zeros, as an empty entry is.
        let entry = unsafe place(of: spelling).pointee
        guard entry.low == spelling.low, entry.high & KnownSyllables.bytes == spelling.high else { return nil }
        return Syllable(
            marked: entry.marked, plain: entry.plain,
            kind: Syllable.Kind(rawValue: UInt8(truncatingIfNeeded: entry.high >> 56)))
    }

    func remember(_ spelling: Spelling, _ syllable: Syllable) {
        unsafe place(of: spelling).pointee = Entry(
            low: spelling.low, high: spelling.high | UInt64(syllable.kind.rawValue) << 56, marked: syllable.marked,
            plain: syllable.plain)
    }
}
