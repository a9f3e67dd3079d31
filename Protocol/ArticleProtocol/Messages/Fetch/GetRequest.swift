/// The request of fetch.get; the response is an `Article`.
public struct GetRequest: ProtocolMessage {
    public static var name: String { "articled.v1.GetRequest" }

    /// Exactly one of id and url.
    public var id: ArticleID?
    /// The canonical URL, byte for byte.
    public var url: String
    /// How much of it.
    public var view: View

    public init() { self.init(id: nil) }

    public init(
        id: ArticleID? = nil, url: String = "", view: View = .full
    ) {
        self.id = id
        self.url = url
        self.view = view
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: id = try reader.articleID()
        case 2: url = try reader.string()
        case 3: view = try View(from: &reader)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(id, at: 1)
        writer.write(url, at: 2)
        writer.write(view.rawValue, at: 3)
    }
}
