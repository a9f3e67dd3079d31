// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import HandlerKit

/// The table that says which session made which changes, so that a position of another history is recognized: one
/// of another storage, or of a time that a restored copy of the files does not know.
///
/// | key                             | value                                                                     |
/// |---------------------------------|---------------------------------------------------------------------------|
/// | 0                               | ``About``                                                                 |
/// | 1, first sequence number (8)    | the session that made this change, and the following ones: 16 bytes       |
///
/// Numbers are big-endian in keys, little-endian in values. A session is added by the first transaction that changes
/// something. An index that is created begins with a session of its own, so positions from before a rebuild are unknown:
/// the rebuild does not know all deletions.
enum ChangeHistory {
    /// The most sessions. Positions from before the oldest one are unknown.
    static let maxSessions = 1000
    private static let aboutKey: [UInt8] = [0]
    private static let firstKey: [UInt8] = [1]

    /// A session and its first change.
    struct Session: Equatable {
        let first: UInt64
        let session: LogSession
    }

    /// Totals. 16 bytes.
    struct About: Equatable {
        private static let size = 16

        /// The greatest sequence number of a deletion that is no longer remembered.
        var forgotten: UInt64 = 0
        /// The most entries that belong to no change: those of records that were replaced while damaged.
        var orphans: UInt64 = 0

        init() {}

        fileprivate init?(_ bytes: UnsafeRawBufferPointer) {
            guard bytes.count == Self.size else { return nil }
            forgotten = UInt64(littleEndian: unsafe bytes.loadUnaligned(as: UInt64.self))
            orphans = UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }

        fileprivate var bytes: [UInt8] {
            var bytes = [UInt8](repeating: 0, count: Self.size)
            bytes.set(forgotten, at: 0)
            bytes.set(orphans, at: 8)
            return bytes
        }
    }

    // MARK: Reading

    /// The totals.
    static func about(_ cursor: borrowing Cursor, _ path: String) throws(ServiceError) -> About {
        let found = try unsafe cursor.seek(aboutKey) { key, value in
            unsafe key.count == 1 && key[0] == 0 ? About(value) : About()
        }
        guard let about = found ?? About() else {
            throw ServiceError(.dataLoss, "\(path) is damaged: the totals of the changes cannot be read")
        }
        return about
    }

    /// The session that made a change; the oldest one if the change is older.
    static func session(of sequence: UInt64, _ cursor: borrowing Cursor) throws(ServiceError) -> Session? {
        let next = try unsafe cursor.seek(key(sequence)) { unsafe decode($0, $1) }
        if let found = next ?? nil, found.first == sequence { return found }
        let before = try unsafe cursor.move(next == nil ? .last : .previous) { unsafe decode($0, $1) }
        if let found = before ?? nil { return found }
        return try unsafe cursor.seek(firstKey) { unsafe decode($0, $1) } ?? nil
    }

    private static func newest(_ cursor: borrowing Cursor) throws(ServiceError) -> Session? {
        try unsafe cursor.move(.last) { unsafe decode($0, $1) } ?? nil
    }

    // MARK: Writing

    /// Begins a history: positions from before are unknown.
    static func begin(
        _ tables: ChangeTables, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        var sessions: [UInt64] = []
        do {
            let cursor = try transaction.cursor(tables.history)
            var found = try unsafe cursor.seek(firstKey) { unsafe decode($0, $1) } ?? nil
            while let session = found {
                sessions.append(session.first)
                found = try unsafe cursor.move(.next) { unsafe decode($0, $1) } ?? nil
            }
        }
        for first in sessions { try transaction.delete(key(first), tables.history) }
        // Before the first change of any session.
        try add(.new(), from: 0, tables, transaction)
    }

    /// Notes that a session makes this change and the following ones, unless that is known.
    static func note(
        _ session: LogSession, from sequence: UInt64, _ tables: ChangeTables, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        let oldest: UInt64?
        do {
            let cursor = try transaction.cursor(tables.history)
            if try newest(cursor)?.session == session { return }
            let isFull = try transaction.count(tables.history) > maxSessions
            oldest = isFull ? try unsafe cursor.seek(firstKey) { unsafe decode($0, $1)?.first } ?? nil : nil
        }
        if let oldest { try transaction.delete(key(oldest), tables.history) }
        try add(session, from: sequence, tables, transaction)
    }

    private static func add(
        _ session: LogSession, from sequence: UInt64, _ tables: ChangeTables, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        var bytes = [UInt8](repeating: 0, count: 16)
        bytes.set(session.high, at: 0)
        bytes.set(session.low, at: 8)
        try transaction.put(key(sequence), bytes, tables.history)
    }

    /// Changes the totals.
    static func update(
        _ tables: ChangeTables, _ transaction: borrowing WriteTransaction, _ path: String, _ body: (inout About) -> Void
    ) throws(ServiceError) {
        var about = try about(transaction.cursor(tables.history), path)
        let before = about
        body(&about)
        if about != before { try transaction.put(aboutKey, about.bytes, tables.history) }
    }

    // MARK: Keys

    private static func key(_ first: UInt64) -> [UInt8] {
        firstKey + (0..<8).map { UInt8(truncatingIfNeeded: first >> UInt64(56 - 8 * $0)) }
    }

    private static func decode(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Session? {
        guard key.count == 9, unsafe key[0] == 1, value.count == 16 else { return nil }
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: unsafe value.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        let first = UInt64(bigEndian: unsafe key.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
        return Session(first: first, session: LogSession(high: word(0), low: word(8)))
    }
}

/// What a reader of changes has seen, apart from the changes up to its position. It is the epoch of the position: a
/// part of the session's name (4 bytes), ``begun`` and ``seen`` (6 bytes each, big-endian).
///
/// The number of the position alone is not enough. While a reader works through old changes, articles change again,
/// and their entries move to the end. A reader at change 50 of 200 has not seen an article that moved from 40 to 150.
/// In a copy of the files that ends at 100, that article is at 40 again, and the reader would miss it. So the position
/// is valid only where the history up to ``seen``, here 200, is the same.
struct ReaderView: Equatable {
    private static let mask: UInt64 = 1 << 48 - 1

    /// The first 4 bytes of the session that made the change ``seen``. Two sessions share them once in four billion.
    var session: UInt32
    /// The last change when the reader began with all articles. Deletions up to there do not concern it.
    var begun: UInt64
    /// The last change when the position was handed out.
    var seen: UInt64

    init(_ session: LogSession, begun: UInt64, seen: UInt64) {
        self.session = UInt32(truncatingIfNeeded: session.high >> 32)
        self.begun = begun
        self.seen = seen
    }

    init(_ epoch: ChangePosition.Epoch) {
        session = UInt32(truncatingIfNeeded: epoch.high >> 32)
        begun = (epoch.high << 16 | epoch.low >> 48) & Self.mask
        seen = epoch.low & Self.mask
    }

    /// Sequence numbers from 2^48 on are out of reach: 50,000 writes per second take 178 years.
    var epoch: ChangePosition.Epoch {
        let begun = begun & Self.mask
        return ChangePosition.Epoch(
            high: UInt64(session) << 32 | begun >> 16, low: begun << 48 | seen & Self.mask)
    }

    /// Whether the position belongs to this session.
    func isOf(_ session: LogSession) -> Bool { self.session == UInt32(truncatingIfNeeded: session.high >> 32) }
}
