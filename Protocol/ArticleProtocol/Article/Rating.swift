/// Readers' ratings: their number and their sum.
public struct Rating: ProtocolMessage {
    public static var name: String { "articled.v1.Rating" }

    /// How many readers rated.
    public var count: UInt64
    /// What they gave, together.
    public var sum: Int64

    public init() { self.init(count: 0) }

    public init(
        count: UInt64 = 0, sum: Int64 = 0
    ) {
        self.count = count
        self.sum = sum
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: count = try reader.uint64()
        case 2: sum = try reader.int64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(count, at: 1)
        writer.write(sum, at: 2)
    }
}
