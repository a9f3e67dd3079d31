/// The request of storage.verify.
public struct VerifyRequest: ProtocolMessage {
    public static var name: String { "articled.v1.VerifyRequest" }

    /// The verification to go on watching; 0: start one, or join the one that is under way.
    public var job: UInt64

    public init() { self.init(job: 0) }

    public init(
        job: UInt64 = 0
    ) {
        self.job = job
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: job = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(job, at: 1)
    }
}
