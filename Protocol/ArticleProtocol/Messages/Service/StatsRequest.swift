/// The request of service.stats.
public struct StatsRequest: ProtocolMessage {
    public static var name: String { "articled.v1.StatsRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}
