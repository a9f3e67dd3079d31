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

    public init() { self.init(records: 0) }

    public init(
        records: UInt64 = 0, usedBytes: UInt64 = 0, fileBytes: UInt64 = 0, transactions: UInt64 = 0,
        writes: UInt64 = 0
    ) {
        self.records = records
        self.usedBytes = usedBytes
        self.fileBytes = fileBytes
        self.transactions = transactions
        self.writes = writes
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: records = try reader.uint64()
        case 2: usedBytes = try reader.uint64()
        case 3: fileBytes = try reader.uint64()
        case 4: transactions = try reader.uint64()
        case 5: writes = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(records, at: 1)
        writer.write(usedBytes, at: 2)
        writer.write(fileBytes, at: 3)
        writer.write(transactions, at: 4)
        writer.write(writes, at: 5)
    }
}
