/// Each message of fetch.getMany's response: exactly one of article and status.
public struct GetManyItem: ProtocolMessage {
    public static var name: String { "articled.v1.GetManyItem" }

    /// Which key, from 0.
    public var index: UInt64
    /// Exactly one of the two.
    public var article: Article?
    /// Why there is no article.
    public var status: Status?

    public init() { self.init(index: 0) }

    public init(
        index: UInt64 = 0, article: Article? = nil, status: Status? = nil
    ) {
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
