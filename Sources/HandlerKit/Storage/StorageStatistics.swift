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
    /// The last complete check of all that is stored.
    public var scrub: Scrub

    /// What a check of all that is stored came to.
    public struct Scrub: Sendable, Equatable {
        /// When it ended: milliseconds since 1970-01-01T00:00:00Z; 0: there was none yet.
        public var endedAt: Int64
        /// Records that it checked.
        public var records: UInt64
        /// Findings.
        public var damaged: UInt64
        /// Whether another one is under way.
        public var isRunning: Bool

        /// Says what it came to.
        public init(endedAt: Int64 = 0, records: UInt64 = 0, damaged: UInt64 = 0, isRunning: Bool = false) {
            self.endedAt = endedAt
            self.records = records
            self.damaged = damaged
            self.isRunning = isRunning
        }
    }

    /// Says how much.
    public init(
        records: UInt64 = 0, usedBytes: UInt64 = 0, fileBytes: UInt64 = 0, transactions: UInt64 = 0,
        writes: UInt64 = 0, scrub: Scrub = Scrub()
    ) {
        self.records = records
        self.usedBytes = usedBytes
        self.fileBytes = fileBytes
        self.transactions = transactions
        self.writes = writes
        self.scrub = scrub
    }
}
