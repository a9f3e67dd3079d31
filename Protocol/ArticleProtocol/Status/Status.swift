/// The payload of ERROR and GO_AWAY.
public struct Status: ProtocolMessage {
    public static var name: String { "articled.v1.Status" }

    /// A `StatusCode`, or one of a later version.
    public var code: UInt32
    /// For people; at most `Limits.statusMessage` bytes.
    public var message: String

    public init() { self.init(code: 0) }

    public init(
        code: UInt32 = 0, message: String = ""
    ) {
        self.code = code
        self.message = message
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: code = try reader.uint32()
        case 2: message = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(code, at: 1)
        writer.write(message, at: 2)
    }
}
