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
    func expect(id: ArticleID)

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
    public func expect(id: ArticleID) {}

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
