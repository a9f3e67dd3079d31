// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import ArticleURL
internal import CPluginABI

/// The storage of another plugin, as the host passes it.
///
/// Sendable although it holds pointers: both are never freed, and by contract all functions may be called from any
/// thread.
@safe
struct InjectedStorage: ArticleStorage, @unchecked Sendable {
    private let table: UnsafePointer<articled_storage>
    private let engine: UnsafeMutableRawPointer?
    private let log: PluginLog
    let urlRules: URLRules

    init(
        _ table: UnsafePointer<articled_storage>, engine: UnsafeMutableRawPointer?, log: PluginLog = .none,
        urlRules: URLRules = .standard
    ) throws(ServiceError) {
        // All members are those of the first version.
        guard unsafe Int(table.pointee.size) >= MemoryLayout<articled_storage>.size,
            unsafe table.pointee.write != nil, unsafe table.pointee.statistics != nil,
            unsafe table.pointee.get != nil && table.pointee.get_by_key != nil && table.pointee.scan != nil
                || table.pointee.read != nil
        else { throw ServiceError(.failedPrecondition, "the storage lacks functions that the plugin needs") }
        unsafe self.table = table
        unsafe self.engine = engine
        self.log = log
        self.urlRules = urlRules
    }

    func lend(id: ArticleID, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent {
        try withoutActuallyEscaping(body) { body throws(ServiceError) in
            var reader = ClosureReader(lend: body)
            return try lend(id: id, into: &reader)
        }
    }

    func lend(key: RawSpan, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent {
        try withoutActuallyEscaping(body) { body throws(ServiceError) in
            var reader = ClosureReader(lend: body)
            return try lend(key: key, into: &reader)
        }
    }

    func lend<Reader: RecordReader & ~Copyable>(id: ArticleID, into reader: inout Reader) throws(ServiceError) -> Lent {
        guard let get = unsafe table.pointee.get else { return .mustWait }
        return try unsafe LentReader.with(&reader) { lend, context throws(ServiceError) in
            try unsafe articled_failure.check { failure in
                unsafe id.withBytes { unsafe get(engine, $0, lend, context, failure) }
            }
        }
    }

    func lend<Reader: RecordReader & ~Copyable>(key: RawSpan, into reader: inout Reader) throws(ServiceError) -> Lent {
        guard let get = unsafe table.pointee.get_by_key else { return .mustWait }
        return try unsafe LentReader.with(&reader) { lend, context throws(ServiceError) in
            try unsafe articled_failure.check { failure in
                unsafe key.withUnsafeBytes { unsafe get(engine, articled_bytes($0), lend, context, failure) }
            }
        }
    }

    func prefetch(id: ArticleID) {
        guard let expect = unsafe table.pointee.expect else { return }
        unsafe id.withBytes { unsafe expect(engine, $0) }
    }

    func lend(
        _ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool
    ) throws(ServiceError) -> Lent {
        guard let scan = unsafe table.pointee.scan else { return .mustWait }
        return try withoutActuallyEscaping(visit) { visit throws(ServiceError) in
            var visitor = Visitor(visit: visit)
            return try unsafe articled_failure.check { failure in
                unsafe query.withC { query in
                    unsafe withUnsafeMutablePointer(to: &visitor) { visitor in
                        unsafe scan(engine, query, Visitor.call, visitor, failure)
                    }
                }
            }
        }
    }

    func lend(
        _ query: ChangeQuery, _ visit: (borrowing StoredChange) -> Bool
    ) throws(ServiceError) -> ChangeProgress? {
        guard let changes = unsafe table.pointee.changes else { return nil }
        return try withoutActuallyEscaping(visit) { visit throws(ServiceError) in
            var visitor = ChangeVisitor(visit: visit)
            var end = articled_changes_end()
            end.size = UInt32(MemoryLayout<articled_changes_end>.size)
            let lent = try unsafe articled_failure.check { failure in
                unsafe query.withC { query in
                    unsafe withUnsafeMutablePointer(to: &visitor) { visitor in
                        unsafe changes(engine, query, ChangeVisitor.call, visitor, &end, failure)
                    }
                }
            }
            return lent == .found ? ChangeProgress(end) : nil
        }
    }

    func fetch(id: ArticleID) async throws(ServiceError) -> RecordCopy? {
        try await read(.id(id)).record()
    }

    func fetch(key: [UInt8]) async throws(ServiceError) -> RecordCopy? {
        try await read(.key(key)).record()
    }

    func fetch(_ query: StorageQuery) async throws(ServiceError) -> RecordPage {
        try await read(.scan(query)).page()
    }

    func fetch(_ query: ChangeQuery) async throws(ServiceError) -> ChangePage {
        try await read(.changes(query)).changes()
    }

    /// Asks the engine, and waits. The wait ends when the task is cancelled, and after a time.
    private func read(_ read: RequestedRead) async throws(ServiceError) -> ReadAnswer {
        guard let ask = unsafe table.pointee.read else {
            throw ServiceError(.unimplemented, "the storage cannot answer this: it has no `read` function")
        }
        let pending = PendingRead(log)
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard pending.begin(continuation) else { return }
                unsafe read.withC(
                    token: pending.token, deadline: pending.deadline.nanoseconds, loop: LoopExecutor.currentLoop
                ) { read in
                    unsafe ask(engine, read, PendingRead.call, pending.context())
                }
            }
        } onCancel: {
            pending.end(.failure(ServiceError(.cancelled, "the task was cancelled")))
        }
        if pending.isGivenUp, let cancel = unsafe table.pointee.cancel_read {
            unsafe cancel(engine, pending.token)
        }
        return try answer.get()
    }

    func watchChanges(_ notify: @escaping @Sendable () -> Void) -> ChangeWatch? {
        guard let watch = unsafe table.pointee.watch_changes, let unwatch = unsafe table.pointee.unwatch_changes else {
            return nil
        }
        let called = ChangeNotification(notify)
        let context = unsafe Unmanaged.passRetained(called).toOpaque()
        guard let watching = unsafe watch(engine, ChangeNotification.call, context) else {
            unsafe Unmanaged<ChangeNotification>.fromOpaque(context).release()
            return nil
        }
        nonisolated(unsafe) let (ended, lent, owner) = unsafe (watching, context, engine)
        return ChangeWatch {
            unsafe unwatch(owner, ended)
            unsafe Unmanaged<ChangeNotification>.fromOpaque(lent).release()
        }
    }

    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        unsafe write.withC { write in
            var pointer: UnsafePointer<articled_write>? = unsafe write
            unsafe table.pointee.write(
                engine, &pointer, 1, WriteCompletion.call, WriteCompletion(completion).retained())
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
        _ reader: inout Reader, _ body: (Lend, UnsafeMutableRawPointer) throws(ServiceError) -> Lent
    ) throws(ServiceError) -> Lent {
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

    static let call: WriteCallback.Function = { context, results, count in
        guard let context = unsafe context else { return }
        let waiting = unsafe Unmanaged<WriteCompletion>.fromOpaque(context).takeRetainedValue()
        do throws(ServiceError) {
            guard count == 1, let results = unsafe results, let result = unsafe results[0] else {
                throw ServiceError(.internal, "the storage returned \(count) results for one write")
            }
            let written = try unsafe AuthoredStructure.copy(
                result, "the result of a write", least: LeastSize.written)
            waiting.completion(unsafe WriteResult(written))
        } catch {
            waiting.completion(WriteResult(.refused(error), id: .zero))
        }
    }
}
