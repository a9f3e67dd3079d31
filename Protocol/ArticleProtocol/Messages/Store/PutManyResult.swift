/// Each message of store.putMany's response: exactly one of result and status.
public struct PutManyResult: ProtocolMessage {
    public static var name: String { "articled.v1.PutManyResult" }

    /// Which request message, from 0.
    public var index: UInt64
    /// Exactly one of the two.
    public var result: PutResult?
    /// Why it was not stored.
    public var status: Status?

    public init() { self.init(index: 0) }

    public init(
        index: UInt64 = 0, result: PutResult? = nil, status: Status? = nil
    ) {
        self.index = index
        self.result = result
        self.status = status
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: index = try reader.uint64()
        case 2: try reader.merge(into: &result)
        case 3: try reader.merge(into: &status)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(index, at: 1)
        writer.write(result, at: 2)
        writer.write(status, at: 3)
    }
}
