/// The request of service.health.
public struct HealthRequest: ProtocolMessage {
    public static var name: String { "articled.v1.HealthRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}
