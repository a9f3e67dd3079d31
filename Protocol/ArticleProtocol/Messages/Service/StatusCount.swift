/// How many requests ended with a status.
public struct StatusCount: ProtocolMessage {
    public static var name: String { "articled.v1.StatusCount" }

    /// A status code.
    public var code: UInt32
    /// How many requests ended with it.
    public var count: UInt64

    public init() { self.init(code: 0) }

    public init(
        code: UInt32 = 0, count: UInt64 = 0
    ) {
        self.code = code
        self.count = count
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: code = try reader.uint32()
        case 2: count = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(code, at: 1)
        writer.write(count, at: 2)
    }
}
