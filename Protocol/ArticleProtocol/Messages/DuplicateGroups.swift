// SPDX-License-Identifier: Apache-2.0
/// The request of `duplicates.groups`: the groups of near-identical articles that have an article with these values.
public struct DuplicateGroupsRequest: ProtocolMessage {
    public static var name: String { "articled.v1.DuplicateGroupsRequest" }

    /// The exact source; empty: any.
    public var source: String
    /// The earliest time, in milliseconds since 1970-01-01T00:00:00Z; `nil`: no bound.
    public var from: Int64?
    /// The time before which the article must be, in milliseconds since 1970-01-01T00:00:00Z; `nil`: no bound.
    public var until: Int64?
    /// The least similarity, 0.3 to 1; 0: what the service is configured to use.
    public var threshold: Float
    /// The most groups to return; 0: all.
    public var limit: UInt64

    public init() { self.init(source: "") }

    /// Creates a message from its fields.
    public init(source: String = "", from: Int64? = nil, until: Int64? = nil, threshold: Float = 0, limit: UInt64 = 0) {
        self.source = source
        self.from = from
        self.until = until
        self.threshold = threshold
        self.limit = limit
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: source = try reader.string()
        case 2: from = try reader.int64()
        case 3: until = try reader.int64()
        case 4: threshold = try reader.float()
        case 5: limit = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(source, at: 1)
        if let from { writer.writeAlways(UInt64(bitPattern: from), at: 2) }
        if let until { writer.writeAlways(UInt64(bitPattern: until), at: 3) }
        writer.write(threshold, at: 4)
        writer.write(limit, at: 5)
    }
}

/// One message of the response of `duplicates.groups`: articles that are connected by pairs of near-identical ones.
public struct DuplicateGroup: ProtocolMessage {
    public static var name: String { "articled.v1.DuplicateGroup" }

    /// The articles, earliest first. Similarities are those to the first one.
    public var articles: [Duplicate]
    /// There are more articles than a group may have. They are in another group.
    public var more: Bool
    /// The index is being made, and lacks articles.
    public var incomplete: Bool

    public init() { self.init(articles: []) }

    /// Creates a message from its fields.
    public init(articles: [Duplicate] = [], more: Bool = false, incomplete: Bool = false) {
        self.articles = articles
        self.more = more
        self.incomplete = incomplete
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: articles.append(try reader.message(after: articles.count, max: Limits.repeated))
        case 2: more = try reader.bool()
        case 3: incomplete = try reader.bool()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(articles, at: 1)
        writer.write(more, at: 2)
        writer.write(incomplete, at: 3)
    }
}
