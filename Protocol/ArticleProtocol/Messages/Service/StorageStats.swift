/// What the storage engine tells of itself.
public struct StorageStats: ProtocolMessage {
    public static var name: String { "articled.v1.StorageStats" }

    /// How many articles there are.
    public var records: UInt64
    /// Occupied by live data and indexes.
    public var usedBytes: UInt64
    /// On disk.
    public var fileBytes: UInt64
    /// Committed since the start.
    public var transactions: UInt64
    /// Changes in these.
    public var writes: UInt64
    /// When all that is stored was last checked: milliseconds since 1970-01-01T00:00:00Z; 0: not yet.
    public var scrubEndedAt: Int64
    /// Articles checked then.
    public var scrubRecords: UInt64
    /// Findings then.
    public var scrubDamaged: UInt64
    /// A check is under way.
    public var scrubRunning: Bool

    public init() { self.init(records: 0) }

    public init(
        records: UInt64 = 0, usedBytes: UInt64 = 0, fileBytes: UInt64 = 0, transactions: UInt64 = 0,
        writes: UInt64 = 0, scrubEndedAt: Int64 = 0, scrubRecords: UInt64 = 0, scrubDamaged: UInt64 = 0,
        scrubRunning: Bool = false
    ) {
        self.records = records
        self.usedBytes = usedBytes
        self.fileBytes = fileBytes
        self.transactions = transactions
        self.writes = writes
        self.scrubEndedAt = scrubEndedAt
        self.scrubRecords = scrubRecords
        self.scrubDamaged = scrubDamaged
        self.scrubRunning = scrubRunning
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: records = try reader.uint64()
        case 2: usedBytes = try reader.uint64()
        case 3: fileBytes = try reader.uint64()
        case 4: transactions = try reader.uint64()
        case 5: writes = try reader.uint64()
        case 6: scrubEndedAt = try reader.int64()
        case 7: scrubRecords = try reader.uint64()
        case 8: scrubDamaged = try reader.uint64()
        case 9: scrubRunning = try reader.bool()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(records, at: 1)
        writer.write(usedBytes, at: 2)
        writer.write(fileBytes, at: 3)
        writer.write(transactions, at: 4)
        writer.write(writes, at: 5)
        writer.write(scrubEndedAt, at: 6)
        writer.write(scrubRecords, at: 7)
        writer.write(scrubDamaged, at: 8)
        writer.write(scrubRunning, at: 9)
    }
}
