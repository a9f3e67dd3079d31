public import ArticleProtocol

/// What became of a change.
public struct WriteResult: Sendable {
    /// How it ended.
    public enum Outcome: Sendable {
        /// The record is new.
        case created
        /// The record was replaced.
        case updated
        /// The same content, key, time and terms were there already: nothing was written, the revision is the old one.
        case unchanged
        /// The record is gone.
        case deleted
        /// Nothing has changed, unless the code is `outcomeUnknown`: then the change may or may not be there, now or after
        /// a restart. `notFound`; `conflict`: ``WriteResult/revision`` is the present one, 0 if there is no
        /// record; `alreadyExists`: the key belongs to the record ``WriteResult/id``; `resourceExhausted`,
        /// `unavailable`, `dataLoss`, `internal`: the storage's own trouble.
        case refused(ServiceError)
    }

    /// How it ended.
    public var outcome: Outcome
    /// Which record.
    public var id: ArticleID
    /// The revision that is there now; that which was deleted.
    public var revision: UInt64
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// Of that revision; milliseconds, as above.
    public var storedAt: Int64

    /// Tells what became of a change.
    public init(_ outcome: Outcome, id: ArticleID, revision: UInt64 = 0, createdAt: Int64 = 0, storedAt: Int64 = 0) {
        self.outcome = outcome
        self.id = id
        self.revision = revision
        self.createdAt = createdAt
        self.storedAt = storedAt
    }
}
