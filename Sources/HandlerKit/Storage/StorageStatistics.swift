/// How much a storage keeps, and how much this process has written.
public struct StorageStatistics: Sendable, Equatable {
    /// How many records there are.
    public var records: UInt64
    /// Bytes that live data and indexes occupy.
    public var usedBytes: UInt64
    /// Bytes on disk.
    public var fileBytes: UInt64
    /// Groups of changes that this process has made, each of them as a whole.
    public var transactions: UInt64
    /// Changes in them.
    public var writes: UInt64

    /// Says how much.
    public init(
        records: UInt64 = 0, usedBytes: UInt64 = 0, fileBytes: UInt64 = 0, transactions: UInt64 = 0, writes: UInt64 = 0
    ) {
        self.records = records
        self.usedBytes = usedBytes
        self.fileBytes = fileBytes
        self.transactions = transactions
        self.writes = writes
    }
}
