// SPDX-License-Identifier: Apache-2.0
/// An article: the writer's content, and what the service adds to it.
///
/// The service sets ``id`` (unless the writer did), ``revision``, ``createdAt``, ``storedAt``, ``contentChecksum`` and
/// ``contentSize``, and ignores what a writer sends in them. All other fields are the writer's. `PROTOCOL.md` lists the
/// limits of
/// each field; ``Limits`` has them as constants.
public struct Article: ProtocolMessage {
    public static var name: String { "articled.v1.Article" }

    /// The article's UUIDv7 (RFC 9562). The service makes one if the writer sends none.
    public var id: ArticleID?
    /// The canonical URL, unique in the store; empty: none. At most 2048 bytes.
    public var url: String
    /// The publisher: "Mic.gov.vn". At most 240 bytes.
    public var source: String
    /// The headline. At most 4096 bytes.
    public var title: String
    /// A few sentences for lists. At most 64 KiB.
    public var summary: String
    /// The paragraphs, as they were written. At most 8 MiB.
    public var body: String
    /// The author: "PQH". At most 1024 bytes.
    public var author: String
    /// When it was published, in milliseconds since 1970-01-01T00:00:00Z; 0: unknown.
    public var publishedAt: Int64
    /// A BCP 47 tag: "vi". At most 35 bytes.
    public var language: String
    /// What it is about, most probable first. At most 64.
    public var topics: [Topic]
    /// The writer's own labels; at most 256. Keys that are canonically equivalent in Unicode (NFC and NFD) are one key
    /// here, but two keys on the wire.
    public var attributes: [String: String]
    /// The readers' ratings.
    public var rating: Rating?
    /// The rest of the file that the article was read from.
    public var original: Original?
    /// The revision, from 1. Each change adds 1.
    public var revision: UInt64
    /// When the first revision was stored, in milliseconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// When this revision was stored, in milliseconds since 1970-01-01T00:00:00Z.
    public var storedAt: Int64
    /// The CRC-32C of the first ``contentSize`` bytes of the encoded article; `nil` in a summary.
    public var contentChecksum: UInt32?
    /// How many bytes of the encoded article are the writer's.
    public var contentSize: UInt32

    public init() { self.init(id: nil) }

    /// Creates an article from its fields.
    public init(
        id: ArticleID? = nil, url: String = "", source: String = "", title: String = "", summary: String = "",
        body: String = "", author: String = "", publishedAt: Int64 = 0, language: String = "",
        topics: [Topic] = [], attributes: [String: String] = [:], rating: Rating? = nil,
        original: Original? = nil, revision: UInt64 = 0, createdAt: Int64 = 0, storedAt: Int64 = 0,
        contentChecksum: UInt32? = nil, contentSize: UInt32 = 0
    ) {
        self.id = id
        self.url = url
        self.source = source
        self.title = title
        self.summary = summary
        self.body = body
        self.author = author
        self.publishedAt = publishedAt
        self.language = language
        self.topics = topics
        self.attributes = attributes
        self.rating = rating
        self.original = original
        self.revision = revision
        self.createdAt = createdAt
        self.storedAt = storedAt
        self.contentChecksum = contentChecksum
        self.contentSize = contentSize
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: id = try reader.articleID()
        case 2: url = try reader.string()
        case 3: source = try reader.string()
        case 4: title = try reader.string()
        case 5: summary = try reader.string()
        case 6: body = try reader.string()
        case 7: author = try reader.string()
        case 8: publishedAt = try reader.int64()
        case 9: language = try reader.string()
        case 10: topics.append(try reader.message(after: topics.count, max: Limits.topics))
        case 11: try reader.append(to: &attributes, max: Limits.attributes)
        case 12: try reader.merge(into: &rating)
        case 13: try reader.merge(into: &original)
        case 32: revision = try reader.uint64()
        case 33: createdAt = try reader.int64()
        case 34: storedAt = try reader.int64()
        case 35: contentChecksum = try reader.fixed32()
        case 36: contentSize = try reader.uint32()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(id, at: 1)
        writer.write(url, at: 2)
        writer.write(source, at: 3)
        writer.write(title, at: 4)
        writer.write(summary, at: 5)
        writer.write(body, at: 6)
        writer.write(author, at: 7)
        writer.write(publishedAt, at: 8)
        writer.write(language, at: 9)
        writer.write(topics, at: 10)
        writer.write(attributes, at: 11)
        writer.write(rating, at: 12)
        writer.write(original, at: 13)
        writer.write(revision, at: 32)
        writer.write(createdAt, at: 33)
        writer.write(storedAt, at: 34)
        if let contentChecksum { writer.writeFixed(contentChecksum, at: 35) }
        writer.write(contentSize, at: 36)
    }
}

/// A topic of an article, with its probability.
public struct Topic: ProtocolMessage {
    public static var name: String { "articled.v1.Topic" }

    /// The stable name, of `[a-z0-9-]`: "kinh-doanh". At most 64 bytes.
    public var slug: String
    /// The probability, 0 to 1.
    public var score: Float
    /// The name for people: "Kinh doanh". At most 256 bytes.
    public var name: String

    public init() { self.init(slug: "") }

    /// Creates a message from its fields.
    public init(slug: String = "", score: Float = 0, name: String = "") {
        self.slug = slug
        self.score = score
        self.name = name
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: slug = try reader.string()
        case 2: score = try reader.float()
        case 3: name = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(slug, at: 1)
        writer.write(score, at: 2)
        writer.write(name, at: 3)
    }
}

/// The readers' ratings of an article: their number and their sum.
public struct Rating: ProtocolMessage {
    public static var name: String { "articled.v1.Rating" }

    /// The number of ratings.
    public var count: UInt64
    /// The sum of the ratings.
    public var sum: Int64

    public init() { self.init(count: 0) }

    /// Creates a message from its fields.
    public init(count: UInt64 = 0, sum: Int64 = 0) {
        self.count = count
        self.sum = sum
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: count = try reader.uint64()
        case 2: sum = try reader.int64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(count, at: 1)
        writer.write(sum, at: 2)
    }
}

/// The parts of the source file around the body. ``head``, the article's body and ``tail`` are the file, byte for byte.
public struct Original: ProtocolMessage {
    public static var name: String { "articled.v1.Original" }

    /// The bytes before the body. At most 1 MiB.
    public var head: [UInt8]
    /// The bytes after the body. At most 1 MiB.
    public var tail: [UInt8]
    /// The media type of the file: "text/plain". At most 256 bytes.
    public var mediaType: String

    public init() { self.init(head: []) }

    /// Creates a message from its fields.
    public init(head: [UInt8] = [], tail: [UInt8] = [], mediaType: String = "") {
        self.head = head
        self.tail = tail
        self.mediaType = mediaType
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: head = try reader.byteArray()
        case 2: tail = try reader.byteArray()
        case 3: mediaType = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(head, at: 1)
        writer.write(tail, at: 2)
        writer.write(mediaType, at: 3)
    }
}

/// Names one article, either by its id or by its URL. Exactly one of the two must be set.
public struct ArticleKey: ProtocolMessage {
    public static var name: String { "articled.v1.ArticleKey" }

    /// The article's id.
    public var id: ArticleID?
    /// The article's canonical URL. It is compared byte by byte.
    public var url: String

    public init() { self.init(id: nil) }

    /// Creates a message from its fields.
    public init(id: ArticleID? = nil, url: String = "") {
        self.id = id
        self.url = url
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: id = try reader.articleID()
        case 2: url = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(id, at: 1)
        writer.write(url, at: 2)
    }
}
