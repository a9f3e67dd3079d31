/// Each message of storage.verify's response. One with a result is the last one of the verification.
public struct VerifyProgress: ProtocolMessage {
    public static var name: String { "articled.v1.VerifyProgress" }

    /// Names the verification, so that another call can go on watching it.
    public var job: UInt64
    /// What is being checked: "records", "index", "space".
    public var phase: String
    /// How far the phase is.
    public var done: UInt64
    /// How far it has to go, as far as that is known.
    public var total: UInt64
    /// Articles checked so far.
    public var records: UInt64
    /// Findings so far.
    public var damaged: UInt64
    /// The verdict; absent while the verification goes on.
    public var result: VerifyResult?

    public init() { self.init(job: 0) }

    public init(
        job: UInt64 = 0, phase: String = "", done: UInt64 = 0, total: UInt64 = 0, records: UInt64 = 0,
        damaged: UInt64 = 0, result: VerifyResult? = nil
    ) {
        self.job = job
        self.phase = phase
        self.done = done
        self.total = total
        self.records = records
        self.damaged = damaged
        self.result = result
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: job = try reader.uint64()
        case 2: phase = try reader.string()
        case 3: done = try reader.uint64()
        case 4: total = try reader.uint64()
        case 5: records = try reader.uint64()
        case 6: damaged = try reader.uint64()
        case 7: try reader.merge(into: &result)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(job, at: 1)
        writer.write(phase, at: 2)
        writer.write(done, at: 3)
        writer.write(total, at: 4)
        writer.write(records, at: 5)
        writer.write(damaged, at: 6)
        writer.write(result, at: 7)
    }
}
