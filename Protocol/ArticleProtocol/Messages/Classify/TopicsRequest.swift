/// The request of classify.topics.
public struct TopicsRequest: ProtocolMessage {
    public static var name: String { "articled.v1.TopicsRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}
