public import ArticleProtocol

/// Where articles are kept: records under an id and, if they have one, a unique alternate key (the canonical URL).
///
/// All functions may be called from any thread. Reading does not wait for writers. Errors are the storage's own
/// (`unavailable`, `dataLoss`, `internal`); that there is no such record is no error.
public protocol ArticleStorage: Sendable {
    /// Lends the record `id` to `lend`, once, before it returns. `false` if there is none.
    func read(id: ArticleID, _ lend: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Bool

    /// Lends the record with the alternate key `key`. `false` if there is none.
    func read(key: RawSpan, _ lend: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Bool

    /// As `read(id:_:)`, for the paths where an allocation counts. There is a default.
    func read<Reader: RecordReader & ~Copyable>(id: ArticleID, into reader: inout Reader) throws(ServiceError) -> Bool

    /// As `read(key:_:)`, for the paths where an allocation counts. There is a default.
    func read<Reader: RecordReader & ~Copyable>(key: RawSpan, into reader: inout Reader) throws(ServiceError) -> Bool

    /// The record may be read soon, by this thread: makes that quicker if it can, at next to no cost. There is a default.
    func prefetch(id: ArticleID)

    /// Lends each match to `visit`, in the query's order, until it answers `false`. One consistent view for the call,
    /// which the engine may have to keep for as long: so visit few records, and go on from the last one's position.
    ///
    /// A damaged record does not end it: see ``StoredRecord/isUnreadable``.
    func scan(_ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool) throws(ServiceError)

    /// Makes a change. What is needed of `write` is copied before the call returns; `completion` is called exactly
    /// once, from any thread, also before the call returns, when the change is on disk or refused.
    ///
    /// Changes made by one thread are carried out in their order. Several under way at once share the disk's time.
    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void)

    /// How much is kept.
    func statistics() throws(ServiceError) -> StorageStatistics
}

extension ArticleStorage {
    /// Nothing to prepare.
    public func prefetch(id: ArticleID) {}

    /// Through a closure.
    public func read<Reader: RecordReader & ~Copyable>(
        id: ArticleID, into reader: inout Reader
    ) throws(ServiceError) -> Bool {
        try read(id: id) { reader.read($0) }
    }

    /// Through a closure.
    public func read<Reader: RecordReader & ~Copyable>(
        key: RawSpan, into reader: inout Reader
    ) throws(ServiceError) -> Bool {
        try read(key: key) { reader.read($0) }
    }
}

extension ArticleStorage {
    /// Makes a change and waits until it is on disk or refused. It cannot be called off: it is carried out although the
    /// task is cancelled meanwhile.
    public func write(_ write: borrowing StorageWrite) async -> WriteResult {
        await withCheckedContinuation { continuation in
            self.write(write) { continuation.resume(returning: $0) }
        }
    }
}

/// How much a storage keeps, and how much this process has written.
public struct StorageStatistics: Sendable, Equatable {
    /// How many records there are.
    public var records: UInt64
    /// Bytes that live data and indexes occupy.
    public var usedBytes: UInt64
    /// Bytes on disk.
    public var fileBytes: UInt64
    /// Groups of changes that this process has made, each of them as a whole.
    public var transactions: UInt64
    /// Changes in them.
    public var writes: UInt64
    /// The last complete check of all that is stored.
    public var scrub: Scrub

    /// What a check of all that is stored came to.
    public struct Scrub: Sendable, Equatable {
        /// When it ended: milliseconds since 1970-01-01T00:00:00Z; 0: there was none yet.
        public var endedAt: Int64
        /// Records that it checked.
        public var records: UInt64
        /// Findings.
        public var damaged: UInt64
        /// Whether another one is under way.
        public var isRunning: Bool

        /// Says what it came to.
        public init(endedAt: Int64 = 0, records: UInt64 = 0, damaged: UInt64 = 0, isRunning: Bool = false) {
            self.endedAt = endedAt
            self.records = records
            self.damaged = damaged
            self.isRunning = isRunning
        }
    }

    /// Says how much.
    public init(
        records: UInt64 = 0, usedBytes: UInt64 = 0, fileBytes: UInt64 = 0, transactions: UInt64 = 0,
        writes: UInt64 = 0, scrub: Scrub = Scrub()
    ) {
        self.records = records
        self.usedBytes = usedBytes
        self.fileBytes = fileBytes
        self.transactions = transactions
        self.writes = writes
        self.scrub = scrub
    }
}
