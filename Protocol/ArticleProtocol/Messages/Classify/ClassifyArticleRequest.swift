/// The request of classify.article.
public struct ClassifyArticleRequest: ProtocolMessage {
    public static var name: String { "articled.v1.ClassifyArticleRequest" }

    /// Which article.
    public var key: ArticleKey?
    /// Whether to tell the phrases that decided.
    public var explain: Bool
    /// Store the topics with the article.
    public var writeBack: Bool

    public init() { self.init(key: nil) }

    public init(
        key: ArticleKey? = nil, explain: Bool = false, writeBack: Bool = false
    ) {
        self.key = key
        self.explain = explain
        self.writeBack = writeBack
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.merge(into: &key)
        case 2: explain = try reader.bool()
        case 3: writeBack = try reader.bool()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(key, at: 1)
        writer.write(explain, at: 2)
        writer.write(writeBack, at: 3)
    }
}
