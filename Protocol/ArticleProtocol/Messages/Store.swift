// SPDX-License-Identifier: Apache-2.0
/// The request of `store.put`, and each message of a `store.putMany` request.
public struct PutRequest: ProtocolMessage {
    public static var name: String { "articled.v1.PutRequest" }

    /// The article. Its id names it, or else its URL. An article with neither is new.
    public var article: Article?
    /// `nil`: no condition. 0: the article must not exist. n: it must be at revision n. Otherwise the put fails with
    /// `CONFLICT`.
    public var expectedRevision: UInt64?
    /// When the article was created, in milliseconds since 1970-01-01T00:00:00Z: for articles that come from another store.
    /// Only a peer that may administer the service can set it. 0: a new article now, an old one as before.
    public var createdAt: Int64

    public init() { self.init(article: nil) }

    /// Creates a message from its fields.
    public init(article: Article? = nil, expectedRevision: UInt64? = nil, createdAt: Int64 = 0) {
        self.article = article
        self.expectedRevision = expectedRevision
        self.createdAt = createdAt
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.merge(into: &article)
        case 2: expectedRevision = try reader.uint64()
        case 3: createdAt = try reader.int64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(article, at: 1)
        if let expectedRevision { writer.writeAlways(expectedRevision, at: 2) }
        writer.write(createdAt, at: 3)
    }
}

/// What a put did.
public enum PutOutcome: UInt32, Sendable {
    /// A value of a later version of the protocol.
    case unspecified = 0
    /// The article is new.
    case created = 1
    /// The article was replaced; its revision is one higher.
    case updated = 2
    /// The same content was already stored. Nothing was written.
    case unchanged = 3

    init(from reader: inout WireReader) throws(ServiceError) {
        self = PutOutcome(rawValue: try reader.uint32()) ?? .unspecified
    }
}

/// The response of `store.put`.
public struct PutResult: ProtocolMessage {
    public static var name: String { "articled.v1.PutResult" }

    /// Whether the article was created, updated or left unchanged.
    public var outcome: PutOutcome
    /// The article's id, also if the service made it.
    public var id: ArticleID?
    /// The revision that is stored now.
    public var revision: UInt64
    /// When the first revision was stored, in milliseconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// When this revision was stored, in milliseconds since 1970-01-01T00:00:00Z.
    public var storedAt: Int64

    public init() { self.init(outcome: .unspecified) }

    /// Creates a message from its fields.
    public init(
        outcome: PutOutcome = .unspecified, id: ArticleID? = nil, revision: UInt64 = 0, createdAt: Int64 = 0,
        storedAt: Int64 = 0
    ) {
        self.outcome = outcome
        self.id = id
        self.revision = revision
        self.createdAt = createdAt
        self.storedAt = storedAt
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: outcome = try PutOutcome(from: &reader)
        case 2: id = try reader.articleID()
        case 3: revision = try reader.uint64()
        case 4: createdAt = try reader.int64()
        case 5: storedAt = try reader.int64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(outcome.rawValue, at: 1)
        writer.write(id, at: 2)
        writer.write(revision, at: 3)
        writer.write(createdAt, at: 4)
        writer.write(storedAt, at: 5)
    }
}

/// Each message of a `store.putMany` response. It has either a ``result`` or a ``status``.
public struct PutManyResult: ProtocolMessage {
    public static var name: String { "articled.v1.PutManyResult" }

    /// The index of the request message, from 0.
    public var index: UInt64
    /// The result, if the article was stored.
    public var result: PutResult?
    /// The error, if the article was not stored.
    public var status: Status?

    public init() { self.init(index: 0) }

    /// Creates a message from its fields.
    public init(index: UInt64 = 0, result: PutResult? = nil, status: Status? = nil) {
        self.index = index
        self.result = result
        self.status = status
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: index = try reader.uint64()
        case 2: try reader.merge(into: &result)
        case 3: try reader.merge(into: &status)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(index, at: 1)
        writer.write(result, at: 2)
        writer.write(status, at: 3)
    }
}

/// The request of `store.delete`.
public struct DeleteRequest: ProtocolMessage {
    public static var name: String { "articled.v1.DeleteRequest" }

    /// The article to delete.
    public var key: ArticleKey?
    /// `nil`: no condition. n: the article must be at revision n. Otherwise the delete fails with `CONFLICT`.
    public var expectedRevision: UInt64?

    public init() { self.init(key: nil) }

    /// Creates a message from its fields.
    public init(key: ArticleKey? = nil, expectedRevision: UInt64? = nil) {
        self.key = key
        self.expectedRevision = expectedRevision
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.merge(into: &key)
        case 2: expectedRevision = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(key, at: 1)
        if let expectedRevision { writer.writeAlways(expectedRevision, at: 2) }
    }
}

/// The response of `store.delete`.
public struct DeleteResult: ProtocolMessage {
    public static var name: String { "articled.v1.DeleteResult" }

    /// The id of the deleted article.
    public var id: ArticleID?
    /// The revision that was deleted.
    public var revision: UInt64

    public init() { self.init(id: nil) }

    /// Creates a message from its fields.
    public init(id: ArticleID? = nil, revision: UInt64 = 0) {
        self.id = id
        self.revision = revision
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: id = try reader.articleID()
        case 2: revision = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(id, at: 1)
        writer.write(revision, at: 2)
    }
}
