/// The payload of CREDIT.
public struct Credit: ProtocolMessage {
    public static var name: String { "articled.v1.Credit" }

    /// How many bytes more may be sent; each message counts 16 more than its own.
    public var bytes: UInt32

    public init() { self.init(bytes: 0) }

    public init(
        bytes: UInt32 = 0
    ) {
        self.bytes = bytes
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: bytes = try reader.uint32()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(bytes, at: 1)
    }
}
