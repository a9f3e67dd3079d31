/// The request of fetch.list: newest first.
public struct ListRequest: ProtocolMessage {
    public static var name: String { "articled.v1.ListRequest" }

    /// Slug; empty: any.
    public var topic: String
    /// Exactly this source; empty: any.
    public var source: String
    /// Exactly this language; empty: any.
    public var language: String
    /// From <= time, milliseconds.
    public var from: Int64?
    /// Time < until.
    public var until: Int64?
    /// 0: all.
    public var limit: UInt64
    /// Continue behind the item that carried it.
    public var cursor: [UInt8]
    /// How much of each article.
    public var view: View

    public init() { self.init(topic: "") }

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
