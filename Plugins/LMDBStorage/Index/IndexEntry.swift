internal import ArticleProtocol

/// One entry of the index, which is a sorted set: by list, then time, then id.
///
/// A list is a term's records, all records, or the records whose keys have one hash. Hashes may collide: whoever finds
/// a record here compares its key or terms.
struct IndexEntry: Comparable, Hashable, Sendable {
    /// Which list.
    let list: UInt64
    /// The record's time, moved so that it sorts as an unsigned number; 0 in lists of keys.
    let time: UInt64
    /// The record.
    let id: ArticleID

    /// In the file: four numbers, big-endian, so that bytes sort as the entries do.
    static let size = 32

    static func < (a: IndexEntry, b: IndexEntry) -> Bool {
        if a.list != b.list { return a.list < b.list }
        if a.time != b.time { return a.time < b.time }
        return a.id < b.id
    }

    /// The list of all records.
    static let all: UInt64 = 0

    /// The list of a term. Lists of terms have the top bit clear, those of keys have it set.
    static func list(term: UnsafeRawBufferPointer, _ hash: KeyedHash) -> UInt64 { unsafe max(1, hash(term) >> 1) }

    /// The list of a key.
    static func list(key: UnsafeRawBufferPointer, _ hash: KeyedHash) -> UInt64 { unsafe hash(key) | 1 << 63 }

    /// Whether it is in the list of a key.
    var isOfKey: Bool { list >> 63 == 1 }

    /// A time as an unsigned number that sorts alike.
    static func sortable(_ time: Int64) -> UInt64 { UInt64(bitPattern: time) ^ 1 << 63 }

    /// The time that such a number stands for.
    static func time(_ sortable: UInt64) -> Int64 { Int64(bitPattern: sortable ^ 1 << 63) }

    /// The entry before this one within its list; `nil` if there can be none.
    var predecessor: IndexEntry? {
        if id.low > 0 { return IndexEntry(list: list, time: time, id: ArticleID(high: id.high, low: id.low - 1)) }
        if id.high > 0 { return IndexEntry(list: list, time: time, id: ArticleID(high: id.high - 1, low: .max)) }
        return time > 0 ? IndexEntry(list: list, time: time - 1, id: .last) : nil
    }

    /// Of a record that is too damaged to tell its time: that in its id (UUIDv7, RFC 9562).
    static func unknown(_ id: ArticleID) -> IndexEntry {
        IndexEntry(list: all, time: sortable(Int64(id.high >> 16)), id: id)
    }

    /// The same place in another list.
    func moved(to list: UInt64) -> IndexEntry { IndexEntry(list: list, time: time, id: id) }
}

extension IndexEntry {
    /// Reads an entry; `nil` if it is none.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.size else { return nil }
        func word(_ offset: Int) -> UInt64 {
            UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        self.init(list: word(0), time: word(8), id: ArticleID(high: word(16), low: word(24)))
    }

    /// Calls `body` with the entry as it is in the file.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let words = (list.bigEndian, time.bigEndian, id.high.bigEndian, id.low.bigEndian)
        return try unsafe withUnsafeBytes(of: words, body)
    }
}

extension ArticleID {
    /// None sorts behind it.
    static var last: ArticleID { ArticleID(high: .max, low: .max) }

    /// Calls `body` with the 16 bytes.
    func withKey<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withUnsafeBytes(of: (high.bigEndian, low.bigEndian), body)
    }
}
