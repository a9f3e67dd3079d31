/// The response of classify.topics.
public struct TopicsResult: ProtocolMessage {
    public static var name: String { "articled.v1.TopicsResult" }

    /// All topics that the model can tell apart.
    public var topics: [TopicDescription]
    /// Which model: name and checksum.
    public var model: String
    /// Below it the answer is undecided.
    public var threshold: Float

    public init() { self.init(topics: []) }

    public init(
        topics: [TopicDescription] = [], model: String = "", threshold: Float = 0
    ) {
        self.topics = topics
        self.model = model
        self.threshold = threshold
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: topics.append(try reader.message(after: topics.count, most: Limits.repeated))
        case 2: model = try reader.string()
        case 3: threshold = try reader.float()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(topics, at: 1)
        writer.write(model, at: 2)
        writer.write(threshold, at: 3)
    }
}
