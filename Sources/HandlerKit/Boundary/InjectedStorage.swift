internal import ArticleProtocol
internal import CPluginABI

/// The storage of another plugin, as the host hands it over.
///
/// Sendable although it is made of pointers: both are immortal, and the header says of all functions that they may be
/// called from any thread.
@safe
struct InjectedStorage: ArticleStorage, @unchecked Sendable {
    private let table: UnsafePointer<articled_storage>
    private let engine: UnsafeMutableRawPointer?
    /// nil: the engine is older, or does not care.
    private let expect: (@convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?) -> Void)?

    init(_ table: UnsafePointer<articled_storage>, engine: UnsafeMutableRawPointer?) throws(ServiceError) {
        // What was added to the header later may be missing, and must not be read then.
        let size = unsafe Int(table.pointee.size)
        let first = unsafe MemoryLayout<articled_storage>.offset(of: \.expect) ?? .max
        guard size >= first, unsafe table.pointee.get != nil, unsafe table.pointee.get_by_key != nil,
            unsafe table.pointee.scan != nil, unsafe table.pointee.write != nil,
            unsafe table.pointee.statistics != nil
        else { throw ServiceError(.failedPrecondition, "the storage offers less than the plugin was built for") }
        unsafe self.table = table
        unsafe self.engine = engine
        unsafe expect = size >= MemoryLayout<articled_storage>.size ? table.pointee.expect : nil
    }

    func read(id: ArticleID, _ lend: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Bool {
        try withoutActuallyEscaping(lend) { lend throws(ServiceError) in
            var reader = ClosureReader(lend: lend)
            return try read(id: id, into: &reader)
        }
    }

    func read(key: RawSpan, _ lend: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Bool {
        try withoutActuallyEscaping(lend) { lend throws(ServiceError) in
            var reader = ClosureReader(lend: lend)
            return try read(key: key, into: &reader)
        }
    }

    func read<Reader: RecordReader & ~Copyable>(id: ArticleID, into reader: inout Reader) throws(ServiceError) -> Bool {
        try unsafe LentReader.with(&reader) { lend, context throws(ServiceError) in
            try unsafe articled_failure.check { failure in
                unsafe id.withBytes { unsafe table.pointee.get(engine, $0, lend, context, failure) }
            }
        }
    }

    func read<Reader: RecordReader & ~Copyable>(key: RawSpan, into reader: inout Reader) throws(ServiceError) -> Bool {
        try unsafe LentReader.with(&reader) { lend, context throws(ServiceError) in
            try unsafe articled_failure.check { failure in
                unsafe key.withUnsafeBytes {
                    unsafe table.pointee.get_by_key(engine, articled_bytes($0), lend, context, failure)
                }
            }
        }
    }

    func expect(id: ArticleID) {
        guard let expect = unsafe expect else { return }
        unsafe id.withBytes { unsafe expect(engine, $0) }
    }

    func scan(_ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool) throws(ServiceError) {
        try withoutActuallyEscaping(visit) { visit throws(ServiceError) in
            var visitor = Visitor(visit: visit)
            _ = try unsafe articled_failure.check { failure in
                unsafe query.withC { query in
                    unsafe withUnsafeMutablePointer(to: &visitor) { visitor in
                        unsafe table.pointee.scan(engine, query, Visitor.call, visitor, failure)
                    }
                }
            }
        }
    }

    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        unsafe write.withC { write in
            unsafe table.pointee.write(engine, write, 1, WriteCompletion.call, WriteCompletion(completion).retained())
        }
    }

    func statistics() throws(ServiceError) -> StorageStatistics {
        var statistics = articled_storage_statistics()
        statistics.size = UInt32(MemoryLayout<articled_storage_statistics>.size)
        _ = try unsafe articled_failure.check { unsafe table.pointee.statistics(engine, &statistics, $0) }
        return StorageStatistics(
            records: statistics.records, usedBytes: statistics.used_bytes, fileBytes: statistics.file_bytes,
            transactions: statistics.transactions, writes: statistics.writes,
            scrub: StorageStatistics.Scrub(
                endedAt: statistics.scrub_ended_at, records: statistics.scrub_records,
                damaged: statistics.scrub_damaged, isRunning: statistics.scrub_running != 0))
    }
}
