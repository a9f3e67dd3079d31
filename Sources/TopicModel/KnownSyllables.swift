// SPDX-License-Identifier: Apache-2.0
/// A cache of scanned syllables by their spelling. News consists of a few thousand syllables.
///
/// Each syllable has two possible places. A new syllable takes the first and moves the old one to the second. The cache
/// has 256 KB.
@safe struct KnownSyllables: ~Copyable {
    /// The bytes of a syllable: 1 to 15, padded with zeros.
    struct Spelling {
        /// Longer syllables are not cached. Decomposed Vietnamese has up to 12 bytes.
        static let maxBytes = 15

        fileprivate let low: UInt64
        /// Its highest byte is free.
        fileprivate let high: UInt64

        /// Reads `count` bytes at `bytes`. 16 bytes must be readable.
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

        /// An empty entry is all zeros; no spelling is.
        @inline(__always)
        func isWritten(_ spelling: Spelling) -> Bool {
            (low ^ spelling.low) | (high & KnownSyllables.bytes ^ spelling.high) == 0
        }
    }

    private static let pairs = 4096
    private static let bytes: UInt64 = .max >> 8
    private let entries: UnsafeMutablePointer<Entry>

    init() {
        // A pair is one cache line, aligned to it.
        unsafe entries = UnsafeMutableRawPointer.allocate(
            byteCount: KnownSyllables.pairs * 2 * MemoryLayout<Entry>.stride, alignment: 64
        ).bindMemory(to: Entry.self, capacity: KnownSyllables.pairs * 2)
        unsafe entries.initialize(repeating: Entry(), count: KnownSyllables.pairs * 2)
    }

    deinit { unsafe entries.deallocate() }

    /// The first of the two places of a spelling.
    @inline(__always)
    private func places(of spelling: Spelling) -> UnsafeMutablePointer<Entry> {
        let sum = (spelling.low ^ (spelling.high &* FeatureHash.start)) &* FeatureHash.multiplier
        return unsafe entries + Int(sum >> 52) * 2  // 12 bits: below `pairs`
    }

    /// The syllable with this spelling; nil if it is not in the cache.
    @inline(__always)
    func find(_ spelling: Spelling) -> Syllable? {
        let places = unsafe places(of: spelling)
        // Without a branch, because which of the two places matches is unpredictable.
        let isFirst = unsafe places[0].isWritten(spelling)
        let entry = unsafe places[isFirst ? 0 : 1]
        guard entry.isWritten(spelling) else { return nil }
        return Syllable(
            marked: entry.marked, plain: entry.plain,
            kind: Syllable.Kind(rawValue: UInt8(truncatingIfNeeded: entry.high >> 56)))
    }

    func remember(_ spelling: Spelling, _ syllable: Syllable) {
        let places = unsafe places(of: spelling)
        unsafe places[1] = places[0]
        unsafe places[0] = Entry(
            low: spelling.low, high: spelling.high | UInt64(syllable.kind.rawValue) << 56, marked: syllable.marked,
            plain: syllable.plain)
    }
}
