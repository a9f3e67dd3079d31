/// The payload of ERROR and GO_AWAY.
public struct Status: ProtocolMessage {
    public static var name: String { "articled.v1.Status" }

    /// A `StatusCode`, or one of a later version.
    public var code: UInt32
    /// For people; at most `Limits.statusMessage` bytes.
    public var message: String
    /// The number that the service's journal has the request under; 0 if no plugin saw it.
    public var request: UInt64

    public init() { self.init(code: 0) }

    public init(
        code: UInt32 = 0, message: String = "", request: UInt64 = 0
    ) {
        self.code = code
        self.message = message
        self.request = request
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: code = try reader.uint32()
        case 2: message = try reader.string()
        case 3: request = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(code, at: 1)
        writer.write(message, at: 2)
        writer.write(request, at: 3)
    }
}
