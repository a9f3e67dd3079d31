/// A phrase that spoke for or against a topic.
public struct Evidence: ProtocolMessage {
    public static var name: String { "articled.v1.Evidence" }

    /// As it stands in the text.
    public var phrase: String
    /// Slug.
    public var topic: String
    /// Share of the score; negative speaks against.
    public var weight: Float

    public init() { self.init(phrase: "") }

    public init(
        phrase: String = "", topic: String = "", weight: Float = 0
    ) {
        self.phrase = phrase
        self.topic = topic
        self.weight = weight
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: phrase = try reader.string()
        case 2: topic = try reader.string()
        case 3: weight = try reader.float()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(phrase, at: 1)
        writer.write(topic, at: 2)
        writer.write(weight, at: 3)
    }
}
