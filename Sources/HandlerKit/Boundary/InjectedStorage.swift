// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

/// The storage of another plugin, as the host passes it.
///
/// Sendable although it holds pointers: both are never freed, and by contract all functions may be called from any
/// thread.
@safe
struct InjectedStorage: ArticleStorage, @unchecked Sendable {
    private let table: UnsafePointer<articled_storage>
    private let engine: UnsafeMutableRawPointer?
    /// `nil` if the engine is older, or has no use for it.
    private let expect: (@convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?) -> Void)?

    init(_ table: UnsafePointer<articled_storage>, engine: UnsafeMutableRawPointer?) throws(ServiceError) {
        // Members added to the header later may be missing, and must not be read then.
        let size = unsafe Int(table.pointee.size)
        let first = unsafe MemoryLayout<articled_storage>.offset(of: \.expect) ?? .max
        guard size >= first, unsafe table.pointee.get != nil, unsafe table.pointee.get_by_key != nil,
            unsafe table.pointee.scan != nil, unsafe table.pointee.write != nil,
            unsafe table.pointee.statistics != nil
        else { throw ServiceError(.failedPrecondition, "the storage lacks functions that the plugin needs") }
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

    func prefetch(id: ArticleID) {
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
                damaged: statistics.scrub_damaged, isRunning: statistics.scrub_running != 0),
            backupEndedAt: statistics.backup_ended_at)
    }
}

/// A reader on the caller's stack as the context of a C callback: its address and type, without an allocation.
@safe
struct LentReader {
    private let reader: UnsafeMutableRawPointer
    private let type: any (RecordReader & ~Copyable).Type

    typealias Lend = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<articled_record>?) -> Void

    /// Calls `body` with the callback for `reader`, and the context to pass to it.
    static func with<Reader: RecordReader & ~Copyable>(
        _ reader: inout Reader, _ body: (Lend, UnsafeMutableRawPointer) throws(ServiceError) -> Bool
    ) throws(ServiceError) -> Bool {
        try unsafe withUnsafeMutablePointer(to: &reader) { pointer throws(ServiceError) in
            var lent = unsafe LentReader(reader: UnsafeMutableRawPointer(pointer), type: Reader.self)
            return try unsafe withUnsafeMutablePointer(to: &lent) { lent throws(ServiceError) in
                try unsafe body(call, UnsafeMutableRawPointer(lent))
            }
        }
    }

    private static let call: Lend = { context, record in
        guard let context = unsafe context, let record = unsafe record else { return }
        let lent = unsafe context.assumingMemoryBound(to: LentReader.self).pointee
        unsafe StoredRecord.with(record) { unsafe lent.type.call(lent.reader, $0) }
    }
}

extension RecordReader where Self: ~Copyable {
    /// Passes the record to the reader of this type at `pointer`.
    fileprivate static func call(_ pointer: UnsafeMutableRawPointer, _ record: borrowing StoredRecord) {
        unsafe pointer.assumingMemoryBound(to: Self.self).pointee.read(record)
    }
}

/// A closure as a reader.
struct ClosureReader: RecordReader {
    let lend: (borrowing StoredRecord) -> Void

    mutating func read(_ record: borrowing StoredRecord) { lend(record) }
}

/// A closure as the context of a scan's callback.
struct Visitor {
    let visit: (borrowing StoredRecord) -> Bool

    static let call: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<articled_record>?) -> Int32 = {
        context, record in
        // Returning 1 ends the scan.
        guard let context = unsafe context, let record = unsafe record else { return 1 }
        let visitor = unsafe context.assumingMemoryBound(to: Visitor.self)
        return unsafe StoredRecord.with(record) { unsafe visitor.pointee.visit($0) } ? 0 : 1
    }
}

/// A closure that waits for the result of a write, as the context of a C callback.
final class WriteCompletion: Sendable {
    private let completion: @Sendable (WriteResult) -> Void

    init(_ completion: @escaping @Sendable (WriteResult) -> Void) { self.completion = completion }

    /// Keeps it alive until `call`, which the engine calls exactly once.
    func retained() -> UnsafeMutableRawPointer { unsafe Unmanaged.passRetained(self).toOpaque() }

    static let call: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<articled_written>?, Int) -> Void = {
        context, results, count in
        guard let context = unsafe context else { return }
        let waiting = unsafe Unmanaged<WriteCompletion>.fromOpaque(context).takeRetainedValue()
        guard let result = unsafe results, count == 1 else {
            let error = ServiceError(.internal, "the storage returned \(count) results for one write")
            return waiting.completion(WriteResult(.refused(error), id: .zero))
        }
        waiting.completion(unsafe WriteResult(result.pointee))
    }
}
