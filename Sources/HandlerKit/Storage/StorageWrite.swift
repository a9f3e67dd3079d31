public import ArticleProtocol

/// One change, lent to the storage for the time of the call.
public struct StorageWrite: ~Copyable, ~Escapable {
    /// What to do.
    public enum Kind: UInt32, Sendable {
        /// Create the record, or replace it as a whole.
        case put = 1
        /// Take the record away.
        case delete = 2
    }

    /// What names the record.
    public enum Target: Sendable, Equatable {
        /// The id. It need not exist yet for a put.
        case id(ArticleID)
        /// The alternate key ``StorageWrite/key``. `new` is the id that a record gets which does not exist yet.
        case key(new: ArticleID)
    }

    /// What to do.
    public let kind: Kind
    /// What names the record.
    public let target: Target
    /// A put: the record's alternate key, empty if it has none. A delete by key: the key that names it.
    public let key: RawSpan
    /// 0: must not exist; n: must be at revision n; `nil`: whatever is there.
    public let expectedRevision: UInt64?
    /// Its place in lists, in milliseconds since 1970-01-01T00:00:00Z; `nil`: when the record was created.
    public let time: Int64?
    /// What to store.
    public let content: RawSpan
    /// CRC-32C of the content. A change with another one is refused.
    public let contentChecksum: UInt32
    /// What the record is found under.
    public let terms: TermList

    /// A record to be created or replaced.
    @_lifetime(copy content, copy key)
    public init(
        put target: Target, key: RawSpan, expectedRevision: UInt64? = nil, time: Int64? = nil, content: RawSpan,
        contentChecksum: UInt32, terms: TermList = TermList()
    ) {
        self.kind = .put
        self.target = target
        self.key = key
        self.expectedRevision = expectedRevision
        self.time = time
        self.content = content
        self.contentChecksum = contentChecksum
        self.terms = terms
    }

    /// A record to be taken away, by its id.
    @_lifetime(immortal)
    public init(delete id: ArticleID, expectedRevision: UInt64? = nil) {
        self.kind = .delete
        self.target = .id(id)
        self.key = RawSpan()
        self.expectedRevision = expectedRevision
        self.time = nil
        self.content = RawSpan()
        self.contentChecksum = 0
        self.terms = TermList()
    }

    /// A record to be taken away, by its alternate key.
    @_lifetime(copy key)
    public init(deleteKey key: RawSpan, expectedRevision: UInt64? = nil) {
        self.kind = .delete
        self.target = .key(new: .zero)
        self.key = key
        self.expectedRevision = expectedRevision
        self.time = nil
        self.content = RawSpan()
        self.contentChecksum = 0
        self.terms = TermList()
    }
}

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

extension ArticleID {
    /// No record's: stands where there is none to name.
    static var zero: ArticleID { ArticleID(high: 0, low: 0) }
}
