/// One of a model's topics.
public struct TopicDescription: ProtocolMessage {
    /// "Kinh doanh": for people.
    public static var name: String { "articled.v1.TopicDescription" }

    /// "kinh-doanh": stable.
    public var slug: String
    /// "Kinh doanh": for people.
    public var name: String
    /// How many articles of this topic the model has learnt from.
    public var trainingArticles: UInt64

    public init() { self.init(slug: "") }

    public init(
        slug: String = "", name: String = "", trainingArticles: UInt64 = 0
    ) {
        self.slug = slug
        self.name = name
        self.trainingArticles = trainingArticles
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: slug = try reader.string()
        case 2: name = try reader.string()
        case 3: trainingArticles = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(slug, at: 1)
        writer.write(name, at: 2)
        writer.write(trainingArticles, at: 3)
    }
}
