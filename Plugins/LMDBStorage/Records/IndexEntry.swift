// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// One entry of the index, which is a sorted set: by list, then time, then id.
///
/// A list holds all records, the records with one term, or the records whose keys share a hash. Hashes may collide,
/// so whoever finds a record here compares its key or terms.
struct IndexEntry: Comparable, Hashable, Sendable {
    /// The list.
    let list: UInt64
    /// The record's time, mapped so that it sorts as an unsigned number; 0 in lists of keys.
    let time: UInt64
    /// The record.
    let id: ArticleID

    /// Encoded as four big-endian numbers, so that the bytes sort like the entries.
    static let size = 32

    static func < (a: IndexEntry, b: IndexEntry) -> Bool {
        if a.list != b.list { return a.list < b.list }
        if a.time != b.time { return a.time < b.time }
        return a.id < b.id
    }

    /// The list of all records.
    static let all: UInt64 = 0

    /// The list of a term. The top bit is clear in lists of terms, and set in lists of keys.
    static func list(term: UnsafeRawBufferPointer, _ hash: KeyedHash) -> UInt64 { unsafe max(1, hash(term) >> 1) }

    /// The list of a key.
    static func list(key: UnsafeRawBufferPointer, _ hash: KeyedHash) -> UInt64 { unsafe hash(key) | 1 << 63 }

    /// Whether it belongs to the list of a key.
    var isOfKey: Bool { list >> 63 == 1 }

    /// Maps a time to an unsigned number in the same order.
    static func sortable(_ time: Int64) -> UInt64 { UInt64(bitPattern: time) ^ 1 << 63 }

    /// The inverse of ``sortable(_:)``.
    static func time(_ sortable: UInt64) -> Int64 { Int64(bitPattern: sortable ^ 1 << 63) }

    /// The greatest entry that can precede this one within its list; `nil` if there is none.
    var predecessor: IndexEntry? {
        if id.low > 0 { return IndexEntry(list: list, time: time, id: ArticleID(high: id.high, low: id.low - 1)) }
        if id.high > 0 { return IndexEntry(list: list, time: time, id: ArticleID(high: id.high - 1, low: .max)) }
        return time > 0 ? IndexEntry(list: list, time: time - 1, id: .last) : nil
    }

    /// An entry for a record too damaged to tell its time. Uses the time in its id (UUIDv7, RFC 9562).
    static func unknown(_ id: ArticleID) -> IndexEntry {
        IndexEntry(list: all, time: sortable(Int64(id.high >> 16)), id: id)
    }

    /// The same position in another list.
    func moved(to list: UInt64) -> IndexEntry { IndexEntry(list: list, time: time, id: id) }
}

extension IndexEntry {
    /// Decodes an entry; `nil` if the bytes are not one.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.size else { return nil }
        func word(_ offset: Int) -> UInt64 {
            UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        self.init(list: word(0), time: word(8), id: ArticleID(high: word(16), low: word(24)))
    }

    /// Calls `body` with the encoded entry.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let words = (list.bigEndian, time.bigEndian, id.high.bigEndian, id.low.bigEndian)
        return try unsafe withUnsafeBytes(of: words, body)
    }
}

extension ArticleID {
    /// The greatest id.
    static var last: ArticleID { ArticleID(high: .max, low: .max) }

    /// Calls `body` with the 16 bytes of the id.
    func withKey<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withUnsafeBytes(of: (high.bigEndian, low.bigEndian), body)
    }
}

/// The index entries of a record.
enum RecordEntries {
    /// The entries of a record with this key (empty if none), time and terms.
    static func of(
        _ id: ArticleID, key: UnsafeRawBufferPointer, time: Int64, terms: UnsafeRawBufferPointer, _ hash: KeyedHash
    ) -> [IndexEntry] {
        var entries: [IndexEntry] = []
        unsafe fill(&entries, id, key: key, time: time, terms: terms, hash)
        return entries
    }

    /// The same, reusing an array.
    static func fill(
        _ entries: inout [IndexEntry], _ id: ArticleID, key: UnsafeRawBufferPointer, time: Int64,
        terms: UnsafeRawBufferPointer, _ hash: KeyedHash
    ) {
        let time = IndexEntry.sortable(time)
        entries.removeAll(keepingCapacity: true)
        entries.append(IndexEntry(list: IndexEntry.all, time: time, id: id))
        if unsafe !key.isEmpty {
            entries.append(IndexEntry(list: unsafe IndexEntry.list(key: key, hash), time: 0, id: id))
        }
        unsafe PackedTerms.forEach(unsafe terms) { term in
            let entry = IndexEntry(list: unsafe IndexEntry.list(term: term, hash), time: time, id: id)
            // Two terms with the same hash share an entry.
            if !entries.contains(entry) { entries.append(entry) }
        }
    }
}

/// SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"): short names for keys and terms of any
/// length. Peers do not know the key, so they cannot construct collisions to slow down look-ups.
struct KeyedHash: Sendable, Equatable {
    let first: UInt64
    let second: UInt64

    /// - Parameters: the two halves of the key.
    init(_ first: UInt64, _ second: UInt64) {
        self.first = first
        self.second = second
    }

    /// A random key.
    static func new() -> KeyedHash { KeyedHash(.random(in: .min ... .max), .random(in: .min ... .max)) }

    func callAsFunction(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = State(
            a: first ^ 0x736f_6d65_7073_6575, b: second ^ 0x646f_7261_6e64_6f6d, c: first ^ 0x6c79_6765_6e65_7261,
            d: second ^ 0x7465_6462_7974_6573)
        let whole = bytes.count & ~7
        for offset in stride(from: 0, to: whole, by: 8) {
            state.absorb(UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        for offset in whole..<bytes.count {
            last |= UInt64(unsafe bytes[offset]) << UInt64(8 * (offset - whole))
        }
        state.absorb(last)
        state.c ^= 0xff
        for _ in 0..<3 { state.round() }
        return state.a ^ state.b ^ state.c ^ state.d
    }

    private struct State {
        var a, b, c, d: UInt64

        mutating func absorb(_ word: UInt64) {
            d ^= word
            round()
            a ^= word
        }

        mutating func round() {
            a &+= b
            b = b << 13 | b >> 51
            b ^= a
            a = a << 32 | a >> 32
            c &+= d
            d = d << 16 | d >> 48
            d ^= c
            a &+= d
            d = d << 21 | d >> 43
            d ^= a
            c &+= b
            b = b << 17 | b >> 47
            b ^= c
            c = c << 32 | c >> 32
        }
    }
}
