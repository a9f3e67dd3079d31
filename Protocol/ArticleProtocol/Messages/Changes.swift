// SPDX-License-Identifier: Apache-2.0
/// Where a watch without a cursor begins.
public enum WatchStart: UInt32, Sendable {
    /// With all articles, each with its latest change.
    case beginning = 0
    /// With what changes from now on.
    case now = 1

    init(from reader: inout WireReader) throws(ServiceError) {
        let value = try reader.uint32()
        guard let start = WatchStart(rawValue: value) else { throw reader.malformed("start \(value) is not known") }
        self = start
    }
}

/// How much of each changed article a watch returns.
public enum WatchContent: UInt32, Sendable {
    /// The whole article.
    case full = 0
    /// The article without body and original.
    case summary = 1
    /// No article: only its id, its revision and when it was stored.
    case none = 2

    init(from reader: inout WireReader) throws(ServiceError) {
        let value = try reader.uint32()
        guard let content = WatchContent(rawValue: value) else {
            throw reader.malformed("content \(value) is not known")
        }
        self = content
    }
}

/// What an item of `changes.watch` reports.
public enum ChangeKind: UInt32, Sendable {
    /// A value of a later version of the protocol. Only the cursor is of use.
    case unspecified = 0
    /// The article was created or updated.
    case stored = 1
    /// The article was deleted.
    case deleted = 2
    /// The article was updated and does not match the filters. It may have matched before.
    case outside = 3
    /// Nothing changed.
    case heartbeat = 4

    init(from reader: inout WireReader) throws(ServiceError) {
        self = ChangeKind(rawValue: try reader.uint32()) ?? .unspecified
    }
}

/// The request of `changes.watch`, which follows the changes of articles without end.
public struct WatchRequest: ProtocolMessage {
    public static var name: String { "articled.v1.WatchRequest" }

    /// Where to continue: the cursor of the last item received. Empty: see ``start``.
    public var cursor: [UInt8]
    /// Where to begin without a cursor.
    public var start: WatchStart
    /// Only articles with this topic (a slug); empty: any.
    public var topic: String
    /// Only articles of exactly this source; empty: any.
    public var source: String
    /// Only articles in this language, in any case; empty: any.
    public var language: String
    /// How much of each article to return.
    public var content: WatchContent
    /// The longest time without an item while the client grants credit, in milliseconds; 0: 15 seconds.
    public var heartbeatMs: UInt32

    public init() { self.init(cursor: []) }

    /// Creates a message from its fields.
    public init(
        cursor: [UInt8] = [], start: WatchStart = .beginning, topic: String = "", source: String = "",
        language: String = "", content: WatchContent = .full, heartbeatMs: UInt32 = 0
    ) {
        self.cursor = cursor
        self.start = start
        self.topic = topic
        self.source = source
        self.language = language
        self.content = content
        self.heartbeatMs = heartbeatMs
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: cursor = try reader.byteArray()
        case 2: start = try WatchStart(from: &reader)
        case 3: topic = try reader.string()
        case 4: source = try reader.string()
        case 5: language = try reader.string()
        case 6: content = try WatchContent(from: &reader)
        case 7: heartbeatMs = try reader.uint32()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(cursor, at: 1)
        writer.write(start.rawValue, at: 2)
        writer.write(topic, at: 3)
        writer.write(source, at: 4)
        writer.write(language, at: 5)
        writer.write(content.rawValue, at: 6)
        writer.write(heartbeatMs, at: 7)
    }
}

/// Each message of a `changes.watch` response.
public struct WatchItem: ProtocolMessage {
    public static var name: String { "articled.v1.WatchItem" }

    /// What the item reports.
    public var kind: ChangeKind
    /// Continues the watch after this item, also after a restart of the client or of the service. Opaque.
    public var cursor: [UInt8]
    /// The number of the change, greater than those of all earlier changes; 0 in a heartbeat.
    public var sequence: UInt64
    /// The article's id; `nil` in a heartbeat.
    public var id: ArticleID?
    /// The article's revision; of a deletion, the revision that was deleted.
    public var revision: UInt64
    /// When this revision was stored, or the article deleted, in milliseconds since 1970-01-01T00:00:00Z.
    public var storedAt: Int64
    /// The article that was stored. `nil` if ``WatchContent/none`` was requested.
    public var article: Article?
    /// Why the article that was stored is not available. The stream continues.
    public var status: Status?
    /// There was nothing newer when the item was sent. Only in heartbeats.
    public var caughtUp: Bool

    public init() { self.init(kind: .unspecified) }

    /// Creates a message from its fields.
    public init(
        kind: ChangeKind, cursor: [UInt8] = [], sequence: UInt64 = 0, id: ArticleID? = nil, revision: UInt64 = 0,
        storedAt: Int64 = 0, article: Article? = nil, status: Status? = nil, caughtUp: Bool = false
    ) {
        self.kind = kind
        self.cursor = cursor
        self.sequence = sequence
        self.id = id
        self.revision = revision
        self.storedAt = storedAt
        self.article = article
        self.status = status
        self.caughtUp = caughtUp
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: kind = try ChangeKind(from: &reader)
        case 2: cursor = try reader.byteArray()
        case 3: sequence = try reader.uint64()
        case 4: id = try reader.articleID()
        case 5: revision = try reader.uint64()
        case 6: storedAt = try reader.int64()
        case 7: try reader.merge(into: &article)
        case 8: try reader.merge(into: &status)
        case 9: caughtUp = try reader.bool()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(kind.rawValue, at: 1)
        writer.write(cursor, at: 2)
        writer.write(sequence, at: 3)
        writer.write(id, at: 4)
        writer.write(revision, at: 5)
        writer.write(storedAt, at: 6)
        writer.write(article, at: 7)
        writer.write(status, at: 8)
        writer.write(caughtUp, at: 9)
    }
}
