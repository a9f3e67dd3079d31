public import ArticleProtocol

/// A record as the storage lends it: its bytes lie in the engine's own memory, for the time of the call alone.
public struct StoredRecord: ~Copyable, ~Escapable {
    /// Which record.
    public let id: ArticleID
    /// 1 for the first.
    public let revision: UInt64
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let createdAt: Int64
    /// Of this revision; milliseconds, as above.
    public let storedAt: Int64
    /// What lists are ordered by; milliseconds, as above.
    public let time: Int64
    /// CRC-32C of the content as it was written. Whoever reads the content last checks it.
    public let contentChecksum: UInt32
    /// What was stored.
    public let content: RawSpan
    /// The alternate key; empty if it has none.
    public let key: RawSpan

    /// Whether the storage knows of the record, and cannot read it: it is damaged. Lists lend it all the same, without content
    /// and with a checksum that says so, so that what is behind it can be reached.
    public var isUnreadable: Bool { content.isEmpty && contentChecksum != CRC32C.checksum(content) }

    /// Lends a record.
    @_lifetime(copy content, copy key)
    public init(
        id: ArticleID, revision: UInt64, createdAt: Int64, storedAt: Int64, time: Int64, contentChecksum: UInt32,
        content: RawSpan, key: RawSpan
    ) {
        self.id = id
        self.revision = revision
        self.createdAt = createdAt
        self.storedAt = storedAt
        self.time = time
        self.contentChecksum = contentChecksum
        self.content = content
        self.key = key
    }
}
