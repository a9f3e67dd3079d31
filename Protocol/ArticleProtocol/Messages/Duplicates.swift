// SPDX-License-Identifier: Apache-2.0
/// The request of `duplicates.of`: the near-identical articles of a stored article, or of a text.
public struct DuplicatesRequest: ProtocolMessage {
    public static var name: String { "articled.v1.DuplicatesRequest" }

    /// The stored article. If it is set, there is no text.
    public var key: ArticleKey?
    /// The title of the text.
    public var title: String
    /// The summary of the text.
    public var summary: String
    /// The text.
    public var body: String
    /// The least similarity, 0.3 to 1; 0: what the service is configured to use.
    public var threshold: Float
    /// The most articles to return; 0: 20. At most 100.
    public var limit: UInt32

    public init() { self.init(key: nil) }

    /// Creates a message from its fields.
    public init(
        key: ArticleKey? = nil, title: String = "", summary: String = "", body: String = "", threshold: Float = 0,
        limit: UInt32 = 0
    ) {
        self.key = key
        self.title = title
        self.summary = summary
        self.body = body
        self.threshold = threshold
        self.limit = limit
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.merge(into: &key)
        case 2: title = try reader.string()
        case 3: summary = try reader.string()
        case 4: body = try reader.string()
        case 5: threshold = try reader.float()
        case 6: limit = try reader.uint32()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(key, at: 1)
        writer.write(title, at: 2)
        writer.write(summary, at: 3)
        writer.write(body, at: 4)
        writer.write(threshold, at: 5)
        writer.write(limit, at: 6)
    }
}

/// The response of `duplicates.of`.
public struct DuplicatesResult: ProtocolMessage {
    public static var name: String { "articled.v1.DuplicatesResult" }

    /// The near-identical articles, without the one that was asked for. Earliest first.
    public var duplicates: [Duplicate]
    /// The earliest of these and the stored article that was asked for; `nil`: there is none.
    public var first: ArticleID?
    /// There are more than `limit`. The most similar ones were returned.
    public var more: Bool
    /// The index is being made, and lacks articles.
    public var incomplete: Bool

    public init() { self.init(duplicates: []) }

    /// Creates a message from its fields.
    public init(
        duplicates: [Duplicate] = [], first: ArticleID? = nil, more: Bool = false, incomplete: Bool = false
    ) {
        self.duplicates = duplicates
        self.first = first
        self.more = more
        self.incomplete = incomplete
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: duplicates.append(try reader.message(after: duplicates.count, max: Limits.repeated))
        case 2: first = try reader.articleID()
        case 3: more = try reader.bool()
        case 4: incomplete = try reader.bool()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(duplicates, at: 1)
        writer.write(first, at: 2)
        writer.write(more, at: 3)
        writer.write(incomplete, at: 4)
    }
}

/// One of several near-identical articles.
public struct Duplicate: ProtocolMessage {
    public static var name: String { "articled.v1.Duplicate" }

    /// The article's id.
    public var id: ArticleID?
    /// The part of the sequences of three syllables that both articles share: 1 if all.
    public var similarity: Float
    /// The article's time: milliseconds since 1970-01-01T00:00:00Z.
    public var time: Int64
    /// The publisher.
    public var source: String
    /// The title.
    public var title: String
    /// The article's URL; empty if it has none.
    public var url: String

    public init() { self.init(id: nil) }

    /// Creates a message from its fields.
    public init(
        id: ArticleID? = nil, similarity: Float = 0, time: Int64 = 0, source: String = "", title: String = "",
        url: String = ""
    ) {
        self.id = id
        self.similarity = similarity
        self.time = time
        self.source = source
        self.title = title
        self.url = url
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: id = try reader.articleID()
        case 2: similarity = try reader.float()
        case 3: time = try reader.int64()
        case 4: source = try reader.string()
        case 5: title = try reader.string()
        case 6: url = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(id, at: 1)
        writer.write(similarity, at: 2)
        writer.write(time, at: 3)
        writer.write(source, at: 4)
        writer.write(title, at: 5)
        writer.write(url, at: 6)
    }
}
