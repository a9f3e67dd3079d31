/// What stands before a request message if the OPTIONS flag is set.
public struct CallOptions: ProtocolMessage {
    public static var name: String { "articled.v1.CallOptions" }

    /// Relative to the frame's arrival; 0: the service's own limit.
    public var deadlineMs: UInt32

    public init() { self.init(deadlineMs: 0) }

    public init(
        deadlineMs: UInt32 = 0
    ) {
        self.deadlineMs = deadlineMs
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: deadlineMs = try reader.uint32()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(deadlineMs, at: 1)
    }
}
