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
