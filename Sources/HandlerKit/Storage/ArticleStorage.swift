// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol
public import ArticleURL

/// Stores records under an id and, optionally, a unique alternate key (an article's canonical URL).
///
/// Two kinds of engines conform. One has its records at hand and lends them at once; it implements the functions named
/// `lend`. The other has to ask somebody, such as a server on the network; it implements those named `fetch`. Each kind
/// gets the other functions by default. Whoever uses a storage calls ``read(id:_:)``, ``read(key:_:)``, ``scan(_:_:)`` and
/// ``changes(after:)``, which work with both.
///
/// All functions may be called on any thread; reading does not wait for writers. Errors are those of the storage
/// itself (`unavailable`, `dataLoss`, `internal`). A missing record is not an error.
public protocol ArticleStorage: Sendable {
    // MARK: At once

    /// Lends the record with this id to `body`, at most once, before it returns. Never waits.
    func lend(id: ArticleID, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent

    /// Lends the record with this alternate key to `body`, at most once, before it returns. Never waits.
    func lend(key: RawSpan, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent

    /// Like `lend(id:_:)`, for paths where an allocation matters. The default calls `lend(id:_:)`.
    func lend<Reader: RecordReader & ~Copyable>(id: ArticleID, into reader: inout Reader) throws(ServiceError) -> Lent

    /// Like `lend(key:_:)`, for paths where an allocation matters. The default calls `lend(key:_:)`.
    func lend<Reader: RecordReader & ~Copyable>(key: RawSpan, into reader: inout Reader) throws(ServiceError) -> Lent

    /// Lends each matching record to `visit`, in the query's order, until `visit` returns `false`.
    ///
    /// The whole call sees one snapshot, which the engine may have to keep until it returns. So visit few records per
    /// call, and continue after the last one's position. A damaged record does not end the scan: see
    /// ``StoredRecord/isUnreadable``.
    ///
    /// - Returns: `.mustWait`, before any visit, or `.found`.
    func lend(_ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool) throws(ServiceError) -> Lent

    /// Lends each change to `visit`, in order, until `visit` returns `false`.
    ///
    /// - Returns: where to continue; `nil`, before any visit, if the storage must wait.
    /// - Throws: `outOfRange` if the position is unknown, or deletions behind it were forgotten.
    func lend(
        _ query: ChangeQuery, _ visit: (borrowing StoredChange) -> Bool
    ) throws(ServiceError) -> ChangeProgress?

    /// Announces that this thread may read the record soon.
    ///
    /// The storage may prepare for it, at next to no cost, and must not wait. The default does nothing.
    func prefetch(id: ArticleID)

    // MARK: After waiting

    // An engine runs these on the event loop of the request, if there is one, and otherwise on a thread of the caller's until
    // it first waits. So it waits by `await`, and blocks no thread.

    /// Returns a copy of the record with this id; `nil` if there is none.
    func fetch(id: ArticleID) async throws(ServiceError) -> RecordCopy?

    /// Returns a copy of the record with this alternate key; `nil` if there is none.
    func fetch(key: [UInt8]) async throws(ServiceError) -> RecordCopy?

    /// Returns copies of matching records, in the query's order. It may return fewer than the query allows.
    func fetch(_ query: StorageQuery) async throws(ServiceError) -> RecordPage

    /// Returns copies of changes, in order. Errors are those of `lend`.
    func fetch(_ query: ChangeQuery) async throws(ServiceError) -> ChangePage

    // MARK: Both

    /// Calls `notify` when there may be new changes, until the watch is cancelled; on any thread. `notify` must return at
    /// once, and must not call the storage.
    ///
    /// - Returns: `nil` if the storage has no changes to follow.
    func watchChanges(_ notify: @escaping @Sendable () -> Void) -> ChangeWatch?

    /// Stores or deletes a record.
    ///
    /// Everything needed from `write` is copied before the call returns. Writes of one thread are applied in order.
    /// Concurrent writes share a sync of the disk.
    ///
    /// - Parameters:
    ///   - write: the write; lent for the duration of the call.
    ///   - completion: called exactly once, when the write is on disk or refused; on any thread, possibly before this
    ///     function returns.
    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void)

    /// When two URLs of articles are the same. The default is RFC 3986 alone; the host adds what the configuration says.
    var urlRules: URLRules { get }

    /// The size of the storage, and what this process has written. Never waits: an engine that would have to ask returns
    /// what it knew last.
    func statistics() throws(ServiceError) -> StorageStatistics
}

/// What became of a read that never waits.
public enum Lent: Sendable, Equatable {
    /// The record was lent, or the scan is complete.
    case found
    /// There is no such record.
    case missing
    /// Nothing was lent: the storage has to wait for it. Use a function that may.
    case mustWait
}

extension ArticleStorage {
    /// Does nothing.
    public func prefetch(id: ArticleID) {}

    /// Calls `lend(id:_:)`.
    public func lend<Reader: RecordReader & ~Copyable>(
        id: ArticleID, into reader: inout Reader
    ) throws(ServiceError) -> Lent {
        try lend(id: id) { reader.read($0) }
    }

    /// Calls `lend(key:_:)`.
    public func lend<Reader: RecordReader & ~Copyable>(
        key: RawSpan, into reader: inout Reader
    ) throws(ServiceError) -> Lent {
        try lend(key: key) { reader.read($0) }
    }
}

/// An engine that has to wait implements none of these.
extension ArticleStorage {
    /// Must wait.
    public func lend(id: ArticleID, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent { .mustWait }

    /// Must wait.
    public func lend(key: RawSpan, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent { .mustWait }

    /// Must wait.
    public func lend(
        _ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool
    ) throws(ServiceError) -> Lent { .mustWait }

    /// Must wait.
    public func lend(
        _ query: ChangeQuery, _ visit: (borrowing StoredChange) -> Bool
    ) throws(ServiceError) -> ChangeProgress? { nil }

    /// There is nothing to follow.
    public func watchChanges(_ notify: @escaping @Sendable () -> Void) -> ChangeWatch? { nil }
}

/// An engine that lends at once implements none of these.
extension ArticleStorage {
    /// Copies what `lend` lends.
    public func fetch(id: ArticleID) async throws(ServiceError) -> RecordCopy? {
        var copy: RecordCopy?
        if try lend(id: id, { copy = RecordCopy($0) }) == .mustWait { throw .cannotRead }
        return copy
    }

    /// Copies what `lend` lends.
    public func fetch(key: [UInt8]) async throws(ServiceError) -> RecordCopy? {
        var copy: RecordCopy?
        if try lend(key: key.rawSpan, { copy = RecordCopy($0) }) == .mustWait { throw .cannotRead }
        return copy
    }

    /// Copies what `lend` lends.
    public func fetch(_ query: StorageQuery) async throws(ServiceError) -> RecordPage {
        var page = RecordPage()
        var bytes = 0
        let lent = try lend(query) { record in
            page.records.append(RecordCopy(record))
            bytes += record.content.byteCount
            page.hasMore = page.records.count >= RecordPage.records || bytes >= RecordPage.bytes
            return !page.hasMore
        }
        if lent == .mustWait { throw .cannotRead }
        return page
    }

    /// Copies what `lend` lends.
    public func fetch(_ query: ChangeQuery) async throws(ServiceError) -> ChangePage {
        guard let page = try ChangePage(lentBy: self, query) else {
            throw ServiceError(.unimplemented, "the storage keeps no record of changes")
        }
        return page
    }
}

extension ServiceError {
    /// The engine implements neither of the two.
    fileprivate static var cannotRead: ServiceError {
        ServiceError(.unimplemented, "the storage cannot be read: it has neither `lend` nor `fetch`")
    }
}

extension ArticleStorage {
    /// Lends the record with this id to `body`: at once if the storage has it at hand, otherwise after waiting for it.
    ///
    /// - Returns: `false` if there is no such record.
    /// - Throws: errors of the storage; `cancelled` if the task is cancelled while it waits.
    public func read(
        id: ArticleID, _ body: (borrowing StoredRecord) -> Void
    ) async throws(ServiceError) -> Bool {
        switch try lend(id: id, body) {
        case .found: return true
        case .missing: return false
        case .mustWait: break
        }
        guard let copy = try await fetch(id: id) else { return false }
        copy.lend(body)
        return true
    }

    /// Lends the record with this alternate key to `body`, like ``read(id:_:)``.
    public func read(
        key: [UInt8], _ body: (borrowing StoredRecord) -> Void
    ) async throws(ServiceError) -> Bool {
        switch try lend(key: key.rawSpan, body) {
        case .found: return true
        case .missing: return false
        case .mustWait: break
        }
        guard let copy = try await fetch(key: key) else { return false }
        copy.lend(body)
        return true
    }

    /// Lends each matching record to `visit`, in the query's order, until `visit` returns `false` or there are no more.
    ///
    /// Visit few records per call, and continue after the last one's position: see ``lend(_:_:)-(StorageQuery,_)``.
    public func scan(
        _ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool
    ) async throws(ServiceError) {
        guard try lend(query, visit) == .mustWait else { return }
        var query = query
        while query.limit > 0 {
            let page = try await fetch(query)
            for record in page.records where !record.lend(visit) { return }
            guard page.hasMore, let last = page.records.last else { return }
            query.after = StorageQuery.Position(time: last.time, id: last.id)
            query.limit -= min(query.limit, page.records.count)
        }
    }

    /// Stores or deletes a record, and waits until the write is on disk or refused.
    ///
    /// It cannot be cancelled: the write is carried out even if the task is cancelled.
    public func write(_ write: borrowing StorageWrite) async -> WriteResult {
        await withCheckedContinuation { continuation in
            self.write(write) { continuation.resume(returning: $0) }
        }
    }
}

/// The size of a storage, and what this process has written.
public struct StorageStatistics: Sendable, Equatable {
    /// The number of records.
    public var records: UInt64
    /// Bytes that records and indexes occupy.
    public var usedBytes: UInt64
    /// Bytes on disk.
    public var fileBytes: UInt64
    /// Transactions that this process has made.
    public var transactions: UInt64
    /// The writes in these transactions.
    public var writes: UInt64
    /// The last complete check of everything stored.
    public var scrub: Scrub
    /// When the last complete backup ended, in milliseconds since 1970-01-01T00:00:00Z; 0 if there was none.
    public var backupEndedAt: Int64

    /// The result of a check of everything stored.
    public struct Scrub: Sendable, Equatable {
        /// When it ended, in milliseconds since 1970-01-01T00:00:00Z; 0 if there was none.
        public var endedAt: Int64
        /// The number of records checked.
        public var records: UInt64
        /// The number of findings.
        public var damaged: UInt64
        /// Whether a check is running now.
        public var isRunning: Bool

        /// Creates a result.
        public init(endedAt: Int64 = 0, records: UInt64 = 0, damaged: UInt64 = 0, isRunning: Bool = false) {
            self.endedAt = endedAt
            self.records = records
            self.damaged = damaged
            self.isRunning = isRunning
        }
    }

    /// Creates statistics.
    public init(
        records: UInt64 = 0, usedBytes: UInt64 = 0, fileBytes: UInt64 = 0, transactions: UInt64 = 0,
        writes: UInt64 = 0, scrub: Scrub = Scrub(), backupEndedAt: Int64 = 0
    ) {
        self.records = records
        self.usedBytes = usedBytes
        self.fileBytes = fileBytes
        self.transactions = transactions
        self.writes = writes
        self.scrub = scrub
        self.backupEndedAt = backupEndedAt
    }
}
