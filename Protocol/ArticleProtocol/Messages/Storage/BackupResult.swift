/// A backup that is complete, and on disk.
public struct BackupResult: ProtocolMessage {
    public static var name: String { "articled.v1.BackupResult" }

    /// Where it is.
    public var directory: String
    /// Articles in it.
    public var records: UInt64
    /// What its files take on disk.
    public var bytes: UInt64
    /// How many articles were damaged, and are missing from it.
    public var damaged: UInt64
    /// The first of them.
    public var findings: [StorageFinding]
    /// The moment whose articles it has: milliseconds since 1970-01-01T00:00:00Z.
    public var takenAt: Int64
    /// When it was complete.
    public var endedAt: Int64

    public init() { self.init(directory: "") }

    public init(
        directory: String = "", records: UInt64 = 0, bytes: UInt64 = 0, damaged: UInt64 = 0,
        findings: [StorageFinding] = [], takenAt: Int64 = 0, endedAt: Int64 = 0
    ) {
        self.directory = directory
        self.records = records
        self.bytes = bytes
        self.damaged = damaged
        self.findings = findings
        self.takenAt = takenAt
        self.endedAt = endedAt
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: directory = try reader.string()
        case 2: records = try reader.uint64()
        case 3: bytes = try reader.uint64()
        case 4: damaged = try reader.uint64()
        case 5: findings.append(try reader.message(after: findings.count, most: Limits.repeated))
        case 6: takenAt = try reader.int64()
        case 7: endedAt = try reader.int64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(directory, at: 1)
        writer.write(records, at: 2)
        writer.write(bytes, at: 3)
        writer.write(damaged, at: 4)
        writer.write(findings, at: 5)
        writer.write(takenAt, at: 6)
        writer.write(endedAt, at: 7)
    }
}
