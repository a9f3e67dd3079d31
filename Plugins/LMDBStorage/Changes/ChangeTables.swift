// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB

/// The tables that say in which order articles changed. They are part of the index: derived from the records, and
/// changed in the same transactions.
struct ChangeTables: Sendable {
    /// The last change of each article: ``ChangeEntry`` -> nothing.
    let changes: MDB_dbi
    /// Deletions, for a time: ``ChangeEntry`` -> ``Deletion``. One whose article was stored again stays until its
    /// time is over.
    let deletions: MDB_dbi
    /// Which sessions made the changes: ``ChangeHistory``.
    let history: MDB_dbi

    /// Opens the tables, or creates them.
    init(_ transaction: borrowing WriteTransaction) throws(ServiceError) {
        changes = try transaction.table("changes", create: true)
        deletions = try transaction.table("deletions", create: true)
        history = try transaction.table("history", create: true)
    }
}

/// A change: its sequence number, and the article. Encoded as three big-endian numbers, so that the bytes sort like
/// the entries.
struct ChangeEntry: Comparable, Hashable, Sendable {
    static let size = 24

    /// The sequence number of the write, which is also in the record (``RecordHeader``).
    let sequence: UInt64
    let id: ArticleID

    init(_ sequence: UInt64, _ id: ArticleID) {
        self.sequence = sequence
        self.id = id
    }

    /// Decodes an entry; `nil` if the bytes are not one.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.size else { return nil }
        func word(_ offset: Int) -> UInt64 {
            UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        self.init(word(0), ArticleID(high: word(8), low: word(16)))
    }

    static func < (a: ChangeEntry, b: ChangeEntry) -> Bool { (a.sequence, a.id) < (b.sequence, b.id) }

    /// Calls `body` with the encoded entry.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let words = (sequence.bigEndian, id.high.bigEndian, id.low.bigEndian)
        return try unsafe withUnsafeBytes(of: words, body)
    }

    /// The least entry after all changes up to a sequence number.
    static func first(after sequence: UInt64) -> ChangeEntry? {
        sequence == .max ? nil : ChangeEntry(sequence + 1, ArticleID(high: 0, low: 0))
    }
}

/// What is remembered of a deletion. 16 bytes, little-endian.
struct Deletion: Equatable, Sendable {
    static let size = 16

    /// The revision that was deleted.
    let revision: UInt64
    /// In milliseconds since 1970-01-01T00:00:00Z.
    let deletedAt: Int64

    init(revision: UInt64, deletedAt: Int64) {
        self.revision = revision
        self.deletedAt = deletedAt
    }

    /// Decodes a deletion; `nil` if the bytes are not one.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.size else { return nil }
        revision = UInt64(littleEndian: unsafe bytes.loadUnaligned(as: UInt64.self))
        deletedAt = Int64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self))
    }

    /// Calls `body` with the encoded deletion.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withUnsafeBytes(of: (revision.littleEndian, deletedAt.littleEndian), body)
    }
}

/// How long deletions are remembered.
struct DeletionRetention: Equatable, Sendable {
    /// In milliseconds.
    var time: Int64 = 7 * 86_400_000
    /// The most deletions. A million take about 50 MB.
    var count = 1_000_000

    /// Whether the time of a deletion is over. A deletion from the future is over too: the clock was set back, and it
    /// would keep all later ones.
    func isOver(_ deletion: Deletion, at now: Int64) -> Bool {
        let (age, overflows) = now.subtractingReportingOverflow(deletion.deletedAt)
        return overflows || age > time || age < -time
    }
}
