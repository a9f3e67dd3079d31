// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol

/// A write: stores or deletes one record. It is lent to the storage for the duration of the call.
public struct StorageWrite: ~Copyable, ~Escapable {
    /// What a write does.
    public enum Kind: UInt32, Sendable {
        /// Creates the record, or replaces it completely.
        case put = 1
        /// Deletes the record.
        case delete = 2
    }

    /// What identifies the record.
    public enum Target: Sendable, Equatable {
        /// The id. For a put, it need not exist yet.
        case id(ArticleID)
        /// The alternate key ``StorageWrite/key``. `new` is the id for a record that does not exist yet.
        case key(new: ArticleID)
    }

    /// What the write does.
    public let kind: Kind
    /// What identifies the record.
    public let target: Target
    /// For a put, the record's alternate key, or empty. For a delete by key, the key of the record.
    public let key: RawSpan
    /// An earlier form of ``key``, or empty. A record that has it is the one that ``key`` identifies. A put gives it ``key``
    /// instead; if another record has ``key``, it keeps the former one.
    public let formerKey: RawSpan
    /// 0: must not exist; n: must be at revision n; `nil`: any.
    public let expectedRevision: UInt64?
    /// The record's time, which orders lists, in milliseconds since 1970-01-01T00:00:00Z; `nil`: when the record was
    /// created.
    public let time: Int64?
    /// When the record was created, in the same unit; `nil`: a new one now, an old one as before.
    public let createdAt: Int64?
    /// The content to store.
    public let content: RawSpan
    /// The CRC-32C of the content. A write whose content does not match is refused.
    public let contentChecksum: UInt32
    /// The terms under which the record is listed.
    public let terms: TermList

    /// Creates or replaces a record.
    @_lifetime(copy content, copy key, copy formerKey)
    public init(
        put target: Target, key: RawSpan, formerKey: RawSpan = RawSpan(), expectedRevision: UInt64? = nil,
        time: Int64? = nil, createdAt: Int64? = nil, content: RawSpan, contentChecksum: UInt32,
        terms: TermList = TermList()
    ) {
        self.kind = .put
        self.target = target
        self.key = key
        self.formerKey = formerKey
        self.expectedRevision = expectedRevision
        self.time = time
        self.createdAt = createdAt
        self.content = content
        self.contentChecksum = contentChecksum
        self.terms = terms
    }

    /// Deletes a record by its id.
    @_lifetime(immortal)
    public init(delete id: ArticleID, expectedRevision: UInt64? = nil) {
        self.kind = .delete
        self.target = .id(id)
        self.key = RawSpan()
        self.formerKey = RawSpan()
        self.expectedRevision = expectedRevision
        self.time = nil
        self.createdAt = nil
        self.content = RawSpan()
        self.contentChecksum = 0
        self.terms = TermList()
    }

    /// Deletes a record by its alternate key.
    @_lifetime(copy key, copy formerKey)
    public init(deleteKey key: RawSpan, formerKey: RawSpan = RawSpan(), expectedRevision: UInt64? = nil) {
        self.kind = .delete
        self.target = .key(new: .zero)
        self.key = key
        self.formerKey = formerKey
        self.expectedRevision = expectedRevision
        self.time = nil
        self.createdAt = nil
        self.content = RawSpan()
        self.contentChecksum = 0
        self.terms = TermList()
    }
}

/// The result of a write.
public struct WriteResult: Sendable {
    /// How a write ended.
    public enum Outcome: Sendable {
        /// The record is new.
        case created
        /// The record was replaced.
        case updated
        /// Content, key, times and terms are the same as before: nothing was written, and the revision is unchanged.
        case unchanged
        /// The record was deleted.
        case deleted
        /// Nothing has changed, unless the code is `outcomeUnknown`: then the write may or may not take effect, now
        /// or after a restart.
        ///
        /// `notFound`: there is no such record. `conflict`: ``WriteResult/revision`` is the current revision, 0 if
        /// there is no record. `alreadyExists`: the key belongs to the record ``WriteResult/id``.
        /// `resourceExhausted`, `unavailable`, `dataLoss`, `internal`: errors of the storage.
        case refused(ServiceError)
    }

    /// How the write ended.
    public var outcome: Outcome
    /// The record.
    public var id: ArticleID
    /// The current revision; for a delete, the deleted one.
    public var revision: UInt64
    /// When the record was created, in milliseconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// When this revision was stored, in the same unit.
    public var storedAt: Int64

    /// Creates a result.
    public init(_ outcome: Outcome, id: ArticleID, revision: UInt64 = 0, createdAt: Int64 = 0, storedAt: Int64 = 0) {
        self.outcome = outcome
        self.id = id
        self.revision = revision
        self.createdAt = createdAt
        self.storedAt = storedAt
    }
}

extension ArticleID {
    /// Used where there is no record to name.
    static var zero: ArticleID { ArticleID(high: 0, low: 0) }
}
