// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol

/// Stores records under an id and, optionally, a unique alternate key (an article's canonical URL).
///
/// All functions may be called on any thread; reading does not wait for writers. Errors are those of the storage
/// itself (`unavailable`, `dataLoss`, `internal`). A missing record is not an error.
public protocol ArticleStorage: Sendable {
    /// Lends the record with this id to `lend`, at most once, before it returns.
    ///
    /// - Returns: `false` if there is no such record.
    func read(id: ArticleID, _ lend: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Bool

    /// Lends the record with this alternate key to `lend`, at most once, before it returns.
    ///
    /// - Returns: `false` if there is no such record.
    func read(key: RawSpan, _ lend: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Bool

    /// Like `read(id:_:)`, for paths where an allocation matters. The default calls `read(id:_:)`.
    func read<Reader: RecordReader & ~Copyable>(id: ArticleID, into reader: inout Reader) throws(ServiceError) -> Bool

    /// Like `read(key:_:)`, for paths where an allocation matters. The default calls `read(key:_:)`.
    func read<Reader: RecordReader & ~Copyable>(key: RawSpan, into reader: inout Reader) throws(ServiceError) -> Bool

    /// Announces that this thread may read the record soon.
    ///
    /// The storage may prepare for it, at next to no cost, and must not wait. The default does nothing.
    func prefetch(id: ArticleID)

    /// Lends each matching record to `visit`, in the query's order, until `visit` returns `false`.
    ///
    /// The whole call sees one snapshot, which the engine may have to keep until it returns. So visit few records per
    /// call, and continue after the last one's position. A damaged record does not end the scan: see
    /// ``StoredRecord/isUnreadable``.
    func scan(_ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool) throws(ServiceError)

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

    /// The size of the storage, and what this process has written.
    func statistics() throws(ServiceError) -> StorageStatistics
}

extension ArticleStorage {
    /// Does nothing.
    public func prefetch(id: ArticleID) {}

    /// Calls `read(id:_:)`.
    public func read<Reader: RecordReader & ~Copyable>(
        id: ArticleID, into reader: inout Reader
    ) throws(ServiceError) -> Bool {
        try read(id: id) { reader.read($0) }
    }

    /// Calls `read(key:_:)`.
    public func read<Reader: RecordReader & ~Copyable>(
        key: RawSpan, into reader: inout Reader
    ) throws(ServiceError) -> Bool {
        try read(key: key) { reader.read($0) }
    }
}

extension ArticleStorage {
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
