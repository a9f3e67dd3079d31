/// Each message of storage.backup's response. One with a result is the last one of the backup.
public struct BackupProgress: ProtocolMessage {
    public static var name: String { "articled.v1.BackupProgress" }

    /// Names the backup, so that another call can go on watching it.
    public var job: UInt64
    /// What is being done: "records", "index", "disk".
    public var phase: String
    /// How many articles are copied.
    public var done: UInt64
    /// How many there are.
    public var total: UInt64
    /// Bytes of articles copied so far.
    public var bytes: UInt64
    /// Articles that could not be copied so far.
    public var damaged: UInt64
    /// What became of it; absent while the backup goes on.
    public var result: BackupResult?

    public init() { self.init(job: 0) }

    public init(
        job: UInt64 = 0, phase: String = "", done: UInt64 = 0, total: UInt64 = 0, bytes: UInt64 = 0,
        damaged: UInt64 = 0, result: BackupResult? = nil
    ) {
        self.job = job
        self.phase = phase
        self.done = done
        self.total = total
        self.bytes = bytes
        self.damaged = damaged
        self.result = result
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: job = try reader.uint64()
        case 2: phase = try reader.string()
        case 3: done = try reader.uint64()
        case 4: total = try reader.uint64()
        case 5: bytes = try reader.uint64()
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
        writer.write(bytes, at: 5)
        writer.write(damaged, at: 6)
        writer.write(result, at: 7)
    }
}
