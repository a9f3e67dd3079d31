/// The request of service.metrics.
public struct MetricsRequest: ProtocolMessage {
    public static var name: String { "articled.v1.MetricsRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}
