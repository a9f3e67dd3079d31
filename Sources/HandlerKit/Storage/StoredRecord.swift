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

/// Reads a record without a closure: a read through the plugin boundary needs no memory then.
///
/// For the paths where that counts; elsewhere a closure says the same in less.
public protocol RecordReader: ~Copyable {
    /// Called at most once, before the call that was given the reader returns.
    mutating func read(_ record: borrowing StoredRecord)
}

/// Records that have all of some terms, newest time first, then highest id first.
public struct StorageQuery: Sendable, Equatable {
    /// A record's place in the order.
    public struct Position: Sendable, Equatable {
        /// Its time, milliseconds since 1970-01-01T00:00:00Z.
        public var time: Int64
        /// Its id.
        public var id: ArticleID

        /// A place in the order; there need not be a record.
        public init(time: Int64, id: ArticleID) {
            self.time = time
            self.id = id
        }
    }

    /// The most terms that a query may have.
    public static let termLimit = 8

    /// All of these; at most ``termLimit``.
    public var terms: TermList
    /// `from` <= time, milliseconds; `nil`: no bound.
    public var from: Int64?
    /// time < `until`, milliseconds; `nil`: no bound.
    public var until: Int64?
    /// Continue behind this place.
    public var after: Position?
    /// At most so many records.
    public var limit: Int

    /// Asks for records.
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

/// Exact terms that a record is found under, in one piece of memory: no duplicates, at most 64, each 1 to 255 bytes.
public struct TermList: Sendable, Equatable {
    /// How many terms a record may have.
    public static let limit = 64
    /// How long a term may be, in bytes.
    public static let longest = 255

    /// Each term behind its length, a byte.
    private var bytes: [UInt8] = []
    /// How many there are.
    public private(set) var count = 0

    /// No terms.
    public init() {}

    /// Adds a term made of `prefix` and `text`. One that is there already is not added again.
    ///
    /// - Returns: `false` if the term is empty or too long, or there are too many: nothing is added then.
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

    /// Lends the terms as they lie in memory: each behind its length.
    package func withPackedBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe bytes.withUnsafeBytes { unsafe body($0) }
    }

    /// Whether the term that begins at `start` stands before it as well.
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
