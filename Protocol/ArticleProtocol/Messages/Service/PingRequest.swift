/// The request of service.ping.
public struct PingRequest: ProtocolMessage {
    public static var name: String { "articled.v1.PingRequest" }

    /// What comes back; at most 1024 bytes.
    public var payload: [UInt8]

    public init() { self.init(payload: []) }

    public init(
        payload: [UInt8] = []
    ) {
        self.payload = payload
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: payload = try reader.byteArray()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(payload, at: 1)
    }
}
