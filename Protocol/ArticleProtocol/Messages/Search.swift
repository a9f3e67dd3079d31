// SPDX-License-Identifier: Apache-2.0
/// The order of hits.
public enum SearchOrder: UInt32, Sendable {
    /// Best first; equal ones newest first.
    case relevance = 0
    /// Newest first.
    case newest = 1
    /// Oldest first.
    case oldest = 2

    init(from reader: inout WireReader) throws(ServiceError) {
        let value = try reader.uint32()
        guard let known = SearchOrder(rawValue: value) else { throw reader.malformed("order \(value) is not known") }
        self = known
    }
}

/// What a search counts its hits by.
public enum SearchFacet: UInt32, Sendable {
    /// Not set.
    case unspecified = 0
    /// The slugs of topics.
    case topic = 1
    /// The sources, as written.
    case source = 2
    /// Months in UTC: "2024-05".
    case month = 3

    init(from reader: inout WireReader) throws(ServiceError) {
        let value = try reader.uint32()
        guard let known = SearchFacet(rawValue: value) else { throw reader.malformed("facet \(value) is not known") }
        self = known
    }
}

/// The request of `search.query`.
public struct SearchRequest: ProtocolMessage {
    public static var name: String { "articled.v1.SearchRequest" }

    /// What to find, as a person types it. Empty: all articles.
    public var query: String
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
    /// The order of the hits.
    public var order: SearchOrder
    /// How much newer articles are preferred: the score of one of today is multiplied by 1 + recency, the advantage halves
    /// every 30 days. 0 to 10; 0: not at all.
    public var recency: Float
    /// The most hits to return; 0: 10. At most 100.
    public var limit: UInt32
    /// Where to continue: the cursor of the page before. Empty: from the start.
    public var cursor: [UInt8]
    /// Whether to return the articles as well.
    public var articles: Bool
    /// Whether to count all hits by topic, source and month.
    public var facets: Bool
    /// The greatest length of a snippet, in bytes; 0: 300. At most 2000.
    public var snippetBytes: UInt32
    /// The time zone of dates in the query; 0: UTC.
    public var minutesEastOfUTC: Int64

    public init() { self.init(query: "") }

    /// Creates a message from its fields.
    public init(
        query: String = "", topic: String = "", source: String = "", language: String = "", from: Int64? = nil,
        until: Int64? = nil, order: SearchOrder = .relevance, recency: Float = 0, limit: UInt32 = 0,
        cursor: [UInt8] = [], articles: Bool = false, facets: Bool = false, snippetBytes: UInt32 = 0,
        minutesEastOfUTC: Int64 = 0
    ) {
        self.query = query
        self.topic = topic
        self.source = source
        self.language = language
        self.from = from
        self.until = until
        self.order = order
        self.recency = recency
        self.limit = limit
        self.cursor = cursor
        self.articles = articles
        self.facets = facets
        self.snippetBytes = snippetBytes
        self.minutesEastOfUTC = minutesEastOfUTC
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: query = try reader.string()
        case 2: topic = try reader.string()
        case 3: source = try reader.string()
        case 4: language = try reader.string()
        case 5: from = try reader.int64()
        case 6: until = try reader.int64()
        case 7: order = try SearchOrder(from: &reader)
        case 8: recency = try reader.float()
        case 9: limit = try reader.uint32()
        case 10: cursor = try reader.byteArray()
        case 11: articles = try reader.bool()
        case 12: facets = try reader.bool()
        case 13: snippetBytes = try reader.uint32()
        case 14: minutesEastOfUTC = try reader.int64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(query, at: 1)
        writer.write(topic, at: 2)
        writer.write(source, at: 3)
        writer.write(language, at: 4)
        if let from { writer.writeAlways(UInt64(bitPattern: from), at: 5) }
        if let until { writer.writeAlways(UInt64(bitPattern: until), at: 6) }
        writer.write(order.rawValue, at: 7)
        writer.write(recency, at: 8)
        writer.write(limit, at: 9)
        writer.write(cursor, at: 10)
        writer.write(articles, at: 11)
        writer.write(facets, at: 12)
        writer.write(snippetBytes, at: 13)
        writer.write(minutesEastOfUTC, at: 14)
    }
}

/// The response of `search.query`.
public struct SearchResult: ProtocolMessage {
    public static var name: String { "articled.v1.SearchResult" }

    /// The hits of this page, in order.
    public var hits: [SearchHit]
    /// The number of all articles that match.
    public var total: UInt64
    /// Continues behind this page; empty: there are no more hits.
    public var cursor: [UInt8]
    /// The counts, most frequent first.
    public var facets: [SearchFacetCount]
    /// What could not be taken as it was typed, and what was done instead: a sentence each, for people.
    public var notes: [String]
    /// Few articles have all words as typed. Others follow them, which lack some of the words or their marks.
    public var relaxed: Bool
    /// The index is being made, and lacks articles.
    public var incomplete: Bool
    /// The query with other words for those that seem misspelt; empty: none do.
    public var didYouMean: String

    public init() { self.init(hits: []) }

    /// Creates a message from its fields.
    public init(
        hits: [SearchHit] = [], total: UInt64 = 0, cursor: [UInt8] = [], facets: [SearchFacetCount] = [],
        notes: [String] = [], relaxed: Bool = false, incomplete: Bool = false, didYouMean: String = ""
    ) {
        self.hits = hits
        self.total = total
        self.cursor = cursor
        self.facets = facets
        self.notes = notes
        self.relaxed = relaxed
        self.incomplete = incomplete
        self.didYouMean = didYouMean
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: hits.append(try reader.message(after: hits.count, max: Limits.repeated))
        case 2: total = try reader.uint64()
        case 3: cursor = try reader.byteArray()
        case 4: facets.append(try reader.message(after: facets.count, max: Limits.repeated))
        case 5: notes.append(try reader.string(within: notes.count))
        case 6: relaxed = try reader.bool()
        case 7: incomplete = try reader.bool()
        case 8: didYouMean = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(hits, at: 1)
        writer.write(total, at: 2)
        writer.write(cursor, at: 3)
        writer.write(facets, at: 4)
        for value in notes { writer.writeAlways(value, at: 5) }
        writer.write(relaxed, at: 6)
        writer.write(incomplete, at: 7)
        writer.write(didYouMean, at: 8)
    }
}

/// One article that a search has found.
public struct SearchHit: ProtocolMessage {
    public static var name: String { "articled.v1.SearchHit" }

    /// The article's id.
    public var id: ArticleID?
    /// How well it matches, to compare hits of one search; 0 unless the order is that of relevance.
    public var score: Float
    /// The article's time: milliseconds since 1970-01-01T00:00:00Z.
    public var time: Int64
    /// The publisher.
    public var source: String
    /// The slugs of the article's topics.
    public var topics: [String]
    /// The title.
    public var title: HighlightedText?
    /// The best passage of summary and body.
    public var snippet: HighlightedText?
    /// The article's URL; empty if it has none.
    public var url: String
    /// The article, if it was asked for.
    public var article: Article?

    public init() { self.init(id: nil) }

    /// Creates a message from its fields.
    public init(
        id: ArticleID? = nil, score: Float = 0, time: Int64 = 0, source: String = "", topics: [String] = [],
        title: HighlightedText? = nil, snippet: HighlightedText? = nil, url: String = "", article: Article? = nil
    ) {
        self.id = id
        self.score = score
        self.time = time
        self.source = source
        self.topics = topics
        self.title = title
        self.snippet = snippet
        self.url = url
        self.article = article
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: id = try reader.articleID()
        case 2: score = try reader.float()
        case 3: time = try reader.int64()
        case 4: source = try reader.string()
        case 5: topics.append(try reader.string(within: topics.count))
        case 6: try reader.merge(into: &title)
        case 7: try reader.merge(into: &snippet)
        case 8: url = try reader.string()
        case 9: try reader.merge(into: &article)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(id, at: 1)
        writer.write(score, at: 2)
        writer.write(time, at: 3)
        writer.write(source, at: 4)
        for value in topics { writer.writeAlways(value, at: 5) }
        writer.write(title, at: 6)
        writer.write(snippet, at: 7)
        writer.write(url, at: 8)
        writer.write(article, at: 9)
    }
}

/// A text with the places of the words that were searched.
public struct HighlightedText: ProtocolMessage {
    public static var name: String { "articled.v1.HighlightedText" }

    /// The text, in the article's own spelling. "…" stands where it was cut.
    public var text: String
    /// The places, in order, without overlaps.
    public var marks: [TextRange]

    public init() { self.init(text: "") }

    /// Creates a message from its fields.
    public init(
        text: String = "", marks: [TextRange] = []
    ) {
        self.text = text
        self.marks = marks
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: text = try reader.string()
        case 2: marks.append(try reader.message(after: marks.count, max: Limits.repeated))
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(text, at: 1)
        writer.write(marks, at: 2)
    }
}

/// A part of a text.
public struct TextRange: ProtocolMessage {
    public static var name: String { "articled.v1.TextRange" }

    /// Where it begins, in bytes of UTF-8.
    public var start: UInt32
    /// Where it ends.
    public var end: UInt32

    public init() { self.init(start: 0) }

    /// Creates a message from its fields.
    public init(
        start: UInt32 = 0, end: UInt32 = 0
    ) {
        self.start = start
        self.end = end
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: start = try reader.uint32()
        case 2: end = try reader.uint32()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(start, at: 1)
        writer.write(end, at: 2)
    }
}

/// How many of all hits have one value.
public struct SearchFacetCount: ProtocolMessage {
    public static var name: String { "articled.v1.SearchFacetCount" }

    /// What was counted.
    public var facet: SearchFacet
    /// The value.
    public var value: String
    /// The number of hits.
    public var count: UInt64

    public init() { self.init(facet: .unspecified) }

    /// Creates a message from its fields.
    public init(
        facet: SearchFacet = .unspecified, value: String = "", count: UInt64 = 0
    ) {
        self.facet = facet
        self.value = value
        self.count = count
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: facet = try SearchFacet(from: &reader)
        case 2: value = try reader.string()
        case 3: count = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(facet.rawValue, at: 1)
        writer.write(value, at: 2)
        writer.write(count, at: 3)
    }
}
