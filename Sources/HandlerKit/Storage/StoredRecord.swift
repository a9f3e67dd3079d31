// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol

/// A record that the storage lends. Its bytes are in the storage's memory, and valid only during the call.
public struct StoredRecord: ~Copyable, ~Escapable {
    /// The record's id.
    public let id: ArticleID
    /// The revision; the first is 1.
    public let revision: UInt64
    /// When the record was created, in milliseconds since 1970-01-01T00:00:00Z.
    public let createdAt: Int64
    /// When this revision was stored, in the same unit.
    public let storedAt: Int64
    /// The time that orders lists, in the same unit.
    public let time: Int64
    /// The CRC-32C of the content as it was written. The last reader of the content must verify it.
    public let contentChecksum: UInt32
    /// The stored content.
    public let content: RawSpan
    /// The alternate key; empty if it has none.
    public let key: RawSpan

    /// Whether the storage knows the record but cannot read it because it is damaged.
    ///
    /// Scans lend such a record too, without content and with a checksum that does not match, so that the records
    /// after it can be reached.
    public var isUnreadable: Bool { content.isEmpty && contentChecksum != CRC32C.checksum(content) }

    /// Creates a record to lend.
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

/// A copy of a record, which may be kept.
public struct RecordCopy: Sendable, Equatable {
    /// The record's id.
    public var id: ArticleID
    /// The revision; the first is 1.
    public var revision: UInt64
    /// When the record was created, in milliseconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// When this revision was stored, in the same unit.
    public var storedAt: Int64
    /// The time that orders lists, in the same unit.
    public var time: Int64
    /// The CRC-32C of the content as it was written. The last reader of the content must verify it.
    public var contentChecksum: UInt32
    /// The stored content.
    public var content: [UInt8]
    /// The alternate key; empty if it has none.
    public var key: [UInt8]

    /// Copies a lent record.
    public init(_ record: borrowing StoredRecord) {
        id = record.id
        revision = record.revision
        createdAt = record.createdAt
        storedAt = record.storedAt
        time = record.time
        contentChecksum = record.contentChecksum
        content = [UInt8](joining: record.content)
        key = [UInt8](joining: record.key)
    }

    /// Creates a record from what an engine has read.
    public init(
        id: ArticleID, revision: UInt64, createdAt: Int64, storedAt: Int64, time: Int64, contentChecksum: UInt32,
        content: [UInt8], key: [UInt8]
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

    /// Lends the record to `body`.
    public func lend<Result>(_ body: (borrowing StoredRecord) -> Result) -> Result {
        body(
            StoredRecord(
                id: id, revision: revision, createdAt: createdAt, storedAt: storedAt, time: time,
                contentChecksum: contentChecksum, content: content.rawSpan, key: key.rawSpan))
    }
}

/// Some of the records that match a query, copied.
public struct RecordPage: Sendable {
    /// About as many records as an engine should return at once.
    public static let records = 64
    /// About as many bytes of content as an engine should return at once.
    public static let bytes = 256 << 10

    /// In the query's order.
    public var records: [RecordCopy]
    /// Whether there may be more: continue after the last one.
    public var hasMore: Bool

    /// Creates a page.
    public init(records: [RecordCopy] = [], hasMore: Bool = false) {
        self.records = records
        self.hasMore = hasMore
    }
}

/// Receives a record without a closure, so that a read across the plugin boundary needs no allocation.
///
/// Where that does not matter, use a closure instead.
public protocol RecordReader: ~Copyable {
    /// Called at most once, before the function that was given the reader returns.
    mutating func read(_ record: borrowing StoredRecord)
}

/// Selects records that have all of the given terms: newest first, and for equal times the highest id first.
public struct StorageQuery: Sendable, Equatable {
    /// A position in the order of the records.
    public struct Position: Sendable, Equatable {
        /// The time, in milliseconds since 1970-01-01T00:00:00Z.
        public var time: Int64
        /// The id.
        public var id: ArticleID

        /// Creates a position. There need not be a record.
        public init(time: Int64, id: ArticleID) {
            self.time = time
            self.id = id
        }
    }

    /// The most terms that a query may have.
    public static let termLimit = 8

    /// The terms that each record must have; at most ``termLimit``.
    public var terms: TermList
    /// The earliest time, inclusive, in milliseconds since 1970-01-01T00:00:00Z; `nil`: no bound.
    public var from: Int64?
    /// The latest time, exclusive, in milliseconds since 1970-01-01T00:00:00Z; `nil`: no bound.
    public var until: Int64?
    /// Continue after this position; `nil`: start with the newest record.
    public var after: Position?
    /// The most records to return.
    public var limit: Int

    /// Creates a query.
    public init(
        terms: TermList = TermList(), from: Int64? = nil, until: Int64? = nil, after: Position? = nil,
        limit: Int = .max
    ) {
        self.terms = terms
        self.from = from
        self.until = until
        self.after = after
        self.limit = limit
    }
}

/// The terms under which a record is listed: at most 64, each 1 to 255 bytes, without duplicates, in one block of
/// memory.
public struct TermList: Sendable, Equatable {
    /// The most terms that a record may have.
    public static let limit = 64
    /// The greatest length of a term, in bytes.
    public static let longest = 255

    /// Each term, preceded by its length in one byte.
    private var bytes: [UInt8] = []
    /// The number of terms.
    public private(set) var count = 0

    /// Creates an empty list.
    public init() {}

    /// Adds a term made of `prefix` and `text`, unless it is already in the list.
    ///
    /// - Returns: `false` if the term is empty or too long, or there are too many; then nothing is added.
    @discardableResult
    public mutating func append(_ prefix: StaticString = "", _ text: RawSpan) -> Bool {
        let size = prefix.utf8CodeUnitCount + text.byteCount
        guard count < Self.limit, size > 0, let length = UInt8(exactly: size) else { return false }
        let start = bytes.count
        bytes.reserveCapacity(start + 1 + size)
        bytes.append(length)
        prefix.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        unsafe text.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        if isRepeated(from: start) {
            bytes.removeSubrange(start...)
        } else {
            count += 1
        }
        return true
    }

    /// Calls `body` with each term, in the order in which they were added.
    public func forEach<Failure: Error>(_ body: (RawSpan) throws(Failure) -> Void) throws(Failure) {
        let all = bytes.rawSpan
        var offset = 0
        while offset < bytes.count {
            let end = offset + 1 + Int(bytes[offset])
            try body(all.extracting(offset + 1..<end))
            offset = end
        }
    }

    /// Lends the terms as they are in memory: each preceded by its length.
    package func withPackedBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe bytes.withUnsafeBytes { unsafe body($0) }
    }

    /// Whether the term that begins at `start` also occurs before it.
    private func isRepeated(from start: Int) -> Bool {
        let size = bytes.count - start
        var offset = 0
        while offset < start {
            let next = offset + 1 + Int(bytes[offset])
            if next - offset == size, bytes[offset..<next] == bytes[start...] { return true }
            offset = next
        }
        return false
    }
}
