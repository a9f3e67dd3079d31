// SPDX-License-Identifier: Apache-2.0
/// The request of `search.suggest`.
public struct SuggestRequest: ProtocolMessage {
    public static var name: String { "articled.v1.SuggestRequest" }

    /// What was typed so far.
    public var query: String
    /// The most suggestions to return; 0: 8. At most 20.
    public var limit: UInt32

    public init() { self.init(query: "") }

    /// Creates a message from its fields.
    public init(query: String = "", limit: UInt32 = 0) {
        self.query = query
        self.limit = limit
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: query = try reader.string()
        case 2: limit = try reader.uint32()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(query, at: 1)
        writer.write(limit, at: 2)
    }
}

/// The response of `search.suggest`.
public struct SuggestResult: ProtocolMessage {
    public static var name: String { "articled.v1.SuggestResult" }

    /// What the query may become, best first.
    public var suggestions: [String]
    /// The index is being made, and lacks articles.
    public var incomplete: Bool

    public init() { self.init(suggestions: []) }

    /// Creates a message from its fields.
    public init(suggestions: [String] = [], incomplete: Bool = false) {
        self.suggestions = suggestions
        self.incomplete = incomplete
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: suggestions.append(try reader.string(within: suggestions.count))
        case 2: incomplete = try reader.bool()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        for value in suggestions { writer.writeAlways(value, at: 1) }
        writer.write(incomplete, at: 2)
    }
}

/// The request of `search.related`: a stored article, or a text. The response is a ``SearchResult``.
public struct RelatedRequest: ProtocolMessage {
    public static var name: String { "articled.v1.RelatedRequest" }

    /// The stored article. If it is set, there is no text.
    public var key: ArticleKey?
    /// The title of the text.
    public var title: String
    /// The text.
    public var body: String
    /// The most hits to return; 0: 10. At most 100.
    public var limit: UInt32
    /// Whether to return the articles as well.
    public var articles: Bool
    /// The greatest length of a snippet, in bytes; 0: 300. At most 2000.
    public var snippetBytes: UInt32

    public init() { self.init(key: nil) }

    /// Creates a message from its fields.
    public init(
        key: ArticleKey? = nil, title: String = "", body: String = "", limit: UInt32 = 0, articles: Bool = false,
        snippetBytes: UInt32 = 0
    ) {
        self.key = key
        self.title = title
        self.body = body
        self.limit = limit
        self.articles = articles
        self.snippetBytes = snippetBytes
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.merge(into: &key)
        case 2: title = try reader.string()
        case 3: body = try reader.string()
        case 4: limit = try reader.uint32()
        case 5: articles = try reader.bool()
        case 6: snippetBytes = try reader.uint32()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(key, at: 1)
        writer.write(title, at: 2)
        writer.write(body, at: 3)
        writer.write(limit, at: 4)
        writer.write(articles, at: 5)
        writer.write(snippetBytes, at: 6)
    }
}
