/// A topic of an article, and how probable it is.
public struct Topic: ProtocolMessage {
    public static var name: String { "articled.v1.Topic" }

    /// "kinh-doanh": stable, [a-z0-9-].
    public var slug: String
    /// Probability, 0 to 1.
    public var score: Float
    /// "Kinh doanh": for people.
    public var name: String

    public init() { self.init(slug: "") }

    public init(
        slug: String = "", score: Float = 0, name: String = ""
    ) {
        self.slug = slug
        self.score = score
        self.name = name
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: slug = try reader.string()
        case 2: score = try reader.float()
        case 3: name = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(slug, at: 1)
        writer.write(score, at: 2)
        writer.write(name, at: 3)
    }
}
