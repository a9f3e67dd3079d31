/// The response of classify.article.
public struct ClassifyArticleResult: ProtocolMessage {
    public static var name: String { "articled.v1.ClassifyArticleResult" }

    /// The article's topics.
    public var classification: Classification?
    /// If written back.
    public var stored: PutResult?

    public init() { self.init(classification: nil) }

    public init(
        classification: Classification? = nil, stored: PutResult? = nil
    ) {
        self.classification = classification
        self.stored = stored
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.merge(into: &classification)
        case 2: try reader.merge(into: &stored)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(classification, at: 1)
        writer.write(stored, at: 2)
    }
}
