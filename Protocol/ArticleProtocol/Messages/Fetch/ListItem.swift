/// Each message of fetch.list's response: exactly one of article and status.
public struct ListItem: ProtocolMessage {
    public static var name: String { "articled.v1.ListItem" }

    /// Exactly one of article and status.
    public var article: Article?
    /// Opaque; stays good whatever is written meanwhile.
    public var cursor: [UInt8]
    /// Why the article at this place is not given; the list goes on behind it.
    public var status: Status?

    public init() { self.init(article: nil) }

    public init(
        article: Article? = nil, cursor: [UInt8] = [], status: Status? = nil
    ) {
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
