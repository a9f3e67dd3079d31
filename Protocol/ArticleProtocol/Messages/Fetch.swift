// SPDX-License-Identifier: Apache-2.0
/// How much of an article a fetch returns.
public enum View: UInt32, Sendable {
    /// The whole article.
    case full = 0
    /// The article without body and original.
    case summary = 1

    init(from reader: inout WireReader) throws(ServiceError) {
        let value = try reader.uint32()
        guard let view = View(rawValue: value) else { throw reader.malformed("view \(value) is not known") }
        self = view
    }
}

/// The request of `fetch.get`; the response is an ``Article``. Exactly one of ``id`` and ``url`` must be set.
public struct GetRequest: ProtocolMessage {
    public static var name: String { "articled.v1.GetRequest" }

    /// The article's id.
    public var id: ArticleID?
    /// The article's canonical URL. It is compared byte by byte.
    public var url: String
    /// How much of the article to return.
    public var view: View

    public init() { self.init(id: nil) }

    /// Creates a message from its fields.
    public init(id: ArticleID? = nil, url: String = "", view: View = .full) {
        self.id = id
        self.url = url
        self.view = view
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: id = try reader.articleID()
        case 2: url = try reader.string()
        case 3: view = try View(from: &reader)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(id, at: 1)
        writer.write(url, at: 2)
        writer.write(view.rawValue, at: 3)
    }
}

/// The request of `fetch.getMany`.
public struct GetManyRequest: ProtocolMessage {
    public static var name: String { "articled.v1.GetManyRequest" }

    /// The articles to fetch. At most ``Limits/keys``.
    public var keys: [ArticleKey]
    /// How much of each article to return.
    public var view: View

    public init() { self.init(keys: []) }

    /// Creates a message from its fields.
    public init(keys: [ArticleKey] = [], view: View = .full) {
        self.keys = keys
        self.view = view
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: keys.append(try reader.message(after: keys.count, max: Limits.keys))
        case 2: view = try View(from: &reader)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(keys, at: 1)
        writer.write(view.rawValue, at: 2)
    }
}

/// Each message of a `fetch.getMany` response. It has either an ``article`` or a ``status``.
public struct GetManyItem: ProtocolMessage {
    public static var name: String { "articled.v1.GetManyItem" }

    /// The index of the key, from 0.
    public var index: UInt64
    /// The article.
    public var article: Article?
    /// Why the article is not available.
    public var status: Status?

    public init() { self.init(index: 0) }

    /// Creates a message from its fields.
    public init(index: UInt64 = 0, article: Article? = nil, status: Status? = nil) {
        self.index = index
        self.article = article
        self.status = status
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: index = try reader.uint64()
        case 2: try reader.merge(into: &article)
        case 3: try reader.merge(into: &status)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(index, at: 1)
        writer.write(article, at: 2)
        writer.write(status, at: 3)
    }
}

/// The request of `fetch.list`, which lists articles newest first.
public struct ListRequest: ProtocolMessage {
    public static var name: String { "articled.v1.ListRequest" }

    /// Only articles with this topic (a slug); empty: any.
    public var topic: String
    /// Only articles of exactly this source; empty: any.
    public var source: String
    /// Only articles in this language, in any case; empty: any.
    public var language: String
    /// Only articles at or after this time, in milliseconds since 1970-01-01T00:00:00Z; `nil`: no bound.
    public var from: Int64?
    /// Only articles before this time, in milliseconds since 1970-01-01T00:00:00Z; `nil`: no bound.
    public var until: Int64?
    /// How many articles to return; 0: all.
    public var limit: UInt64
    /// Where to continue: the cursor of the last item received. Empty: from the start.
    public var cursor: [UInt8]
    /// How much of each article to return.
    public var view: View

    public init() { self.init(topic: "") }

    /// Creates a message from its fields.
    public init(
        topic: String = "", source: String = "", language: String = "", from: Int64? = nil,
        until: Int64? = nil, limit: UInt64 = 0, cursor: [UInt8] = [], view: View = .full
    ) {
        self.topic = topic
        self.source = source
        self.language = language
        self.from = from
        self.until = until
        self.limit = limit
        self.cursor = cursor
        self.view = view
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: topic = try reader.string()
        case 2: source = try reader.string()
        case 3: language = try reader.string()
        case 4: from = try reader.int64()
        case 5: until = try reader.int64()
        case 6: limit = try reader.uint64()
        case 7: cursor = try reader.byteArray()
        case 8: view = try View(from: &reader)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(topic, at: 1)
        writer.write(source, at: 2)
        writer.write(language, at: 3)
        if let from { writer.writeAlways(UInt64(bitPattern: from), at: 4) }
        if let until { writer.writeAlways(UInt64(bitPattern: until), at: 5) }
        writer.write(limit, at: 6)
        writer.write(cursor, at: 7)
        writer.write(view.rawValue, at: 8)
    }
}

/// Each message of a `fetch.list` response. It has either an ``article`` or a ``status``.
public struct ListItem: ProtocolMessage {
    public static var name: String { "articled.v1.ListItem" }

    /// The article.
    public var article: Article?
    /// Continues the list after this item. Opaque. Later writes do not invalidate it.
    public var cursor: [UInt8]
    /// Why the article at this position is not available. The list continues after it.
    public var status: Status?

    public init() { self.init(article: nil) }

    /// Creates a message from its fields.
    public init(article: Article? = nil, cursor: [UInt8] = [], status: Status? = nil) {
        self.article = article
        self.cursor = cursor
        self.status = status
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.merge(into: &article)
        case 2: cursor = try reader.byteArray()
        case 3: try reader.merge(into: &status)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(article, at: 1)
        writer.write(cursor, at: 2)
        writer.write(status, at: 3)
    }
}
