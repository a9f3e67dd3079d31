/// What a verification has found.
public struct VerifyResult: ProtocolMessage {
    public static var name: String { "articled.v1.VerifyResult" }

    /// Articles that were checked.
    public var records: UInt64
    /// Bytes of articles that were read and compared with their checksums.
    public var bytes: UInt64
    /// Entries of the index that were checked.
    public var indexEntries: UInt64
    /// How many findings there are; 0: the store is sound.
    public var damaged: UInt64
    /// The first of them.
    public var findings: [StorageFinding]
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var startedAt: Int64
    /// Likewise.
    public var endedAt: Int64

    public init() { self.init(records: 0) }

    public init(
        records: UInt64 = 0, bytes: UInt64 = 0, indexEntries: UInt64 = 0, damaged: UInt64 = 0,
        findings: [StorageFinding] = [], startedAt: Int64 = 0, endedAt: Int64 = 0
    ) {
        self.records = records
        self.bytes = bytes
        self.indexEntries = indexEntries
        self.damaged = damaged
        self.findings = findings
        self.startedAt = startedAt
        self.endedAt = endedAt
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: records = try reader.uint64()
        case 2: bytes = try reader.uint64()
        case 3: indexEntries = try reader.uint64()
        case 4: damaged = try reader.uint64()
        case 5: findings.append(try reader.message(after: findings.count, most: Limits.repeated))
        case 6: startedAt = try reader.int64()
        case 7: endedAt = try reader.int64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(records, at: 1)
        writer.write(bytes, at: 2)
        writer.write(indexEntries, at: 3)
        writer.write(damaged, at: 4)
        writer.write(findings, at: 5)
        writer.write(startedAt, at: 6)
        writer.write(endedAt, at: 7)
    }
}
