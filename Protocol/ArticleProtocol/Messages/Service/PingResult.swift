/// The response of service.ping.
public struct PingResult: ProtocolMessage {
    public static var name: String { "articled.v1.PingResult" }

    /// What was sent.
    public var payload: [UInt8]
    /// The service's clock, in milliseconds since 1970-01-01T00:00:00Z.
    public var time: Int64

    public init() { self.init(payload: []) }

    public init(
        payload: [UInt8] = [], time: Int64 = 0
    ) {
        self.payload = payload
        self.time = time
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: payload = try reader.byteArray()
        case 2: time = try reader.int64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(payload, at: 1)
        writer.write(time, at: 2)
    }
}
