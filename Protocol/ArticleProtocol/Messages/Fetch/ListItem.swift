/// Each message of fetch.list's response.
public struct ListItem: ProtocolMessage {
    public static var name: String { "articled.v1.ListItem" }

    /// The article.
    public var article: Article?
    /// Opaque; stays good whatever is written meanwhile.
    public var cursor: [UInt8]

    public init() { self.init(article: nil) }

    public init(
        article: Article? = nil, cursor: [UInt8] = []
    ) {
        self.article = article
        self.cursor = cursor
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.merge(into: &article)
        case 2: cursor = try reader.byteArray()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(article, at: 1)
        writer.write(cursor, at: 2)
    }
}
