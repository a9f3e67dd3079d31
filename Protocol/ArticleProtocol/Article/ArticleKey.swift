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
