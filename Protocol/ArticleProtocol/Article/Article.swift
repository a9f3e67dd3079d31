/// What a newsroom keeps. See articles.proto for what each field means and whose it is.
public struct Article: ProtocolMessage {
    public static var name: String { "articled.v1.Article" }

    /// UUIDv7 (RFC 9562), 16 bytes; the service makes one if the writer gives none.
    public var id: ArticleID?
    /// Canonical URL; unique in the store.
    public var url: String
    /// Who published it: "Mic.gov.vn".
    public var source: String
    /// The headline.
    public var title: String
    /// A few sentences for lists.
    public var summary: String
    /// Paragraphs, as they were written.
    public var body: String
    /// Who wrote it: "PQH".
    public var author: String
    /// Milliseconds since 1970-01-01T00:00:00Z; 0: unknown.
    public var publishedAt: Int64
    /// BCP 47: "vi".
    public var language: String
    /// What it is about, most probable first.
    public var topics: [Topic]
    /// Labels of the writer's own. Keys that are canonically equal in Unicode (NFC, NFD) are one key here, though two on the wire.
    public var attributes: [String: String]
    /// What readers gave.
    public var rating: Rating?
    /// What surrounded the body in the file it was read from.
    public var original: Original?
    /// 1 for the first.
    public var revision: UInt64
    /// Milliseconds, as above.
    public var createdAt: Int64
    /// Of this revision.
    public var storedAt: Int64
    /// CRC-32C of the first content_size bytes of this encoded message.
    public var contentChecksum: UInt32?
    /// How many bytes of this encoded message are the writer's.
    public var contentSize: UInt32

    public init() { self.init(id: nil) }

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
        case 10: topics.append(try reader.message(after: topics.count, most: Limits.topics))
        case 11: try reader.append(to: &attributes, most: Limits.attributes)
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

/// A topic of an article, and how probable it is.
public struct Topic: ProtocolMessage {
    public static var name: String { "articled.v1.Topic" }

    /// "kinh-doanh": stable, [a-z0-9-].
    public var slug: String
    /// Probability, 0 to 1.
    public var score: Float
    /// "Kinh doanh": for people.
    public var name: String

    public init() { self.init(slug: "") }

    public init(
        slug: String = "", score: Float = 0, name: String = ""
    ) {
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

/// Readers' ratings: their number and their sum.
public struct Rating: ProtocolMessage {
    public static var name: String { "articled.v1.Rating" }

    /// How many readers rated.
    public var count: UInt64
    /// What they gave, together.
    public var sum: Int64

    public init() { self.init(count: 0) }

    public init(
        count: UInt64 = 0, sum: Int64 = 0
    ) {
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

/// What surrounded the body in the file that the article was read from: head, body and tail are the file, byte for byte.
public struct Original: ProtocolMessage {
    public static var name: String { "articled.v1.Original" }

    /// What stood before the body.
    public var head: [UInt8]
    /// What stood behind it.
    public var tail: [UInt8]
    /// "text/plain".
    public var mediaType: String

    public init() { self.init(head: []) }

    public init(
        head: [UInt8] = [], tail: [UInt8] = [], mediaType: String = ""
    ) {
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

/// Names one article: by exactly one of id and url.
public struct ArticleKey: ProtocolMessage {
    public static var name: String { "articled.v1.ArticleKey" }

    /// The article's id.
    public var id: ArticleID?
    /// Its canonical URL, byte for byte.
    public var url: String

    public init() { self.init(id: nil) }

    public init(
        id: ArticleID? = nil, url: String = ""
    ) {
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
