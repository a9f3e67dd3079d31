/// How many values lie below each bound.
public struct Histogram: ProtocolMessage {
    public static var name: String { "articled.v1.Histogram" }

    /// Upper bounds, ascending.
    public var boundsNs: [UInt64]
    /// One for each bound, one more for what lies above.
    public var counts: [UInt64]
    /// All values together, in nanoseconds.
    public var sumNs: UInt64

    public init() { self.init(boundsNs: []) }

    public init(
        boundsNs: [UInt64] = [], counts: [UInt64] = [], sumNs: UInt64 = 0
    ) {
        self.boundsNs = boundsNs
        self.counts = counts
        self.sumNs = sumNs
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.append(to: &boundsNs, most: Limits.repeated)
        case 2: try reader.append(to: &counts, most: Limits.repeated)
        case 3: sumNs = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(boundsNs, at: 1)
        writer.write(counts, at: 2)
        writer.write(sumNs, at: 3)
    }
}
