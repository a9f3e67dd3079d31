// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import Synchronization

/// The C functions of an engine.
enum EngineTable {
    /// Never freed, since the host keeps its address.
    nonisolated(unsafe) static let table: UnsafePointer<articled_storage> = {
        let table = UnsafeMutablePointer<articled_storage>.allocate(capacity: 1)
        unsafe table.initialize(
            to: articled_storage(
                size: UInt32(MemoryLayout<articled_storage>.size), reserved: 0,
                get: { engine, id, lend, context, failure in
                    // By concrete type: this is the hot path of every fetch.
                    unsafe answer(failure) { () throws(ServiceError) in
                        guard let instance = unsafe PluginInstance.at(engine), let id = unsafe id,
                            let lend = unsafe lend
                        else { throw missing }
                        return try unsafe instance.lend(ArticleID(at: id)) { unsafe lend(context, $0) }
                    }
                },
                get_by_key: { engine, key, lend, context, failure in
                    unsafe answer(failure) { () throws(ServiceError) in
                        guard let engine = unsafe PluginInstance.at(engine)?.engine, let lend = unsafe lend else {
                            throw missing
                        }
                        let bytes = unsafe key.buffer
                        return try engine.lend(key: unsafe RawSpan(_unsafeBytes: bytes)) {
                            unsafe $0.withC { unsafe lend(context, $0) }
                        }
                    }
                },
                scan: { engine, query, visit, context, failure in
                    unsafe answer(failure) { () throws(ServiceError) in
                        guard let engine = unsafe PluginInstance.at(engine)?.engine, let query = unsafe query,
                            let visit = unsafe visit
                        else { throw missing }
                        return try unsafe engine.lend(StorageQuery(query)) {
                            unsafe $0.withC { unsafe visit(context, $0) } == 0
                        }
                    }
                },
                write: { engine, writes, count, done, context in
                    guard let done = unsafe done else { return }
                    guard count > 0, count <= Int(ARTICLED_MAX_WRITES), let writes = unsafe writes else {
                        return unsafe done(context, nil, 0)
                    }
                    let told = unsafe WriteCallback(done, context)
                    if count == 1 { return unsafe write(engine, writes[0], told) }
                    let batch = WriteBatch(count, told)
                    guard let engine = unsafe PluginInstance.at(engine)?.engine else {
                        return batch.refuseAll(missing)
                    }
                    for index in 0..<count {
                        do throws(ServiceError) {
                            guard let write = unsafe writes[index] else { throw missing }
                            try unsafe StorageWrite.with(write) { write in
                                engine.write(write) { batch.finish(index, $0) }
                            }
                        } catch {
                            batch.finish(index, WriteResult(.refused(error), id: .zero))
                        }
                    }
                },
                statistics: { engine, statistics, failure in
                    unsafe answer(failure) { () throws(ServiceError) in
                        guard let engine = unsafe PluginInstance.at(engine)?.engine,
                            let statistics = unsafe statistics
                        else { throw missing }
                        unsafe statistics.pointee.set(try engine.statistics())
                        return .found
                    }
                },
                expect: { engine, id in
                    guard let id = unsafe id else { return }
                    unsafe PluginInstance.at(engine)?.prefetch(ArticleID(at: id))
                },
                changes: { engine, query, visit, context, end, failure in
                    unsafe answer(failure) { () throws(ServiceError) in
                        guard let engine = unsafe PluginInstance.at(engine)?.engine, let query = unsafe query,
                            let visit = unsafe visit, let end = unsafe end,
                            unsafe end.pointee.size >= UInt32(MemoryLayout<articled_changes_end>.size)
                        else { throw missing }
                        let progress = try unsafe engine.lend(ChangeQuery(query)) {
                            unsafe $0.withC { unsafe visit(context, $0) } == 0
                        }
                        guard let progress else { return .mustWait }
                        unsafe end.pointee.set(progress)
                        return .found
                    }
                },
                watch_changes: { engine, notify, context in
                    guard let engine = unsafe PluginInstance.at(engine)?.engine, let notify = unsafe notify else {
                        return nil
                    }
                    nonisolated(unsafe) let context = unsafe context
                    guard let watch = engine.watchChanges({ unsafe notify(context) }) else { return nil }
                    return unsafe Unmanaged.passRetained(watch).toOpaque()
                },
                unwatch_changes: { _, watch in
                    guard let watch = unsafe watch else { return }
                    // Released here, which ends it.
                    unsafe Unmanaged<ChangeWatch>.fromOpaque(watch).release()
                },
                read: { engine, read, done, context in
                    guard let done = unsafe done else { return }
                    let told = unsafe ReadCallback(done, context)
                    guard let instance = unsafe PluginInstance.at(engine), let engine = instance.engine,
                        let read = unsafe read
                    else {
                        return told(missing)
                    }
                    do throws(ServiceError) {
                        let asked = try unsafe RequestedRead(read)
                        let loop = try unsafe AuthoredStructure.copy(read, "a read", least: LeastSize.read).loop
                        let executor = unsafe loop.map { unsafe LoopExecutor.of($0, instance.host.table) }
                        unsafe RunningReads.start(asked, read.pointee.token, engine, on: executor, told)
                    } catch {
                        told(error)
                    }
                },
                cancel_read: { _, token in RunningReads.cancel(token) }))
        return unsafe UnsafePointer(table)
    }()

    /// Handles a single write, which most calls have.
    private static func write(
        _ engine: UnsafeMutableRawPointer?, _ write: UnsafePointer<articled_write>?, _ done: WriteCallback
    ) {
        do throws(ServiceError) {
            guard let engine = unsafe PluginInstance.at(engine)?.engine, let write = unsafe write else { throw missing }
            try unsafe StorageWrite.with(write) { write in engine.write(write) { done($0) } }
        } catch {
            done(WriteResult(.refused(error), id: .zero))
        }
    }

    static var missing: ServiceError {
        ServiceError(.internal, "a storage function was called without its arguments")
    }

    /// Runs a function of the engine and returns its status code.
    private static func answer(
        _ failure: UnsafeMutablePointer<articled_failure>?, _ body: () throws(ServiceError) -> Lent
    ) -> UInt32 {
        do throws(ServiceError) {
            switch try body() {
            case .found: return UInt32(ARTICLED_OK)
            case .missing: return StatusCode.notFound.rawValue
            case .mustWait: return UInt32(ARTICLED_MUST_WAIT)
            }
        } catch {
            let code = error.code == .ok ? StatusCode.internal.rawValue : error.code.rawValue
            unsafe failure?.pointee.set(code, error.message)
            return code
        }
    }
}

extension articled_storage_statistics {
    /// The caller's structure may be shorter.
    fileprivate mutating func set(_ present: StorageStatistics) {
        records = present.records
        used_bytes = present.usedBytes
        file_bytes = present.fileBytes
        transactions = present.transactions
        writes = present.writes
        guard has(\.scrub_running) else { return }
        scrub_ended_at = present.scrub.endedAt
        scrub_records = present.scrub.records
        scrub_damaged = present.scrub.damaged
        scrub_running = present.scrub.isRunning ? 1 : 0
        guard has(\.backup_ended_at) else { return }
        backup_ended_at = present.backupEndedAt
    }

    private func has<Value>(_ member: KeyPath<Self, Value>) -> Bool {
        guard let offset = MemoryLayout<Self>.offset(of: member) else { return false }
        return Int(size) >= offset + MemoryLayout<Value>.size
    }
}

/// The writes of one C call, whose results are returned together.
final class WriteBatch: Sendable {
    private let done: WriteCallback
    private let state: Mutex<State>

    private struct State {
        var results: [WriteResult]
        var left: Int
    }

    init(_ count: Int, _ done: WriteCallback) {
        let unknown = WriteResult(.refused(.unanswered), id: .zero)
        self.done = done
        self.state = Mutex(State(results: Array(repeating: unknown, count: count), left: count))
    }

    /// One write is on disk or refused. The last one completes the call.
    func finish(_ index: Int, _ result: WriteResult) {
        let all = state.withLock { state -> [WriteResult]? in
            state.results[index] = result
            state.left -= 1
            return state.left == 0 ? state.results : nil
        }
        if let all { done(all) }
    }

    /// Refuses all writes.
    func refuseAll(_ error: ServiceError) {
        done(state.withLock { $0.results.map { _ in WriteResult(.refused(error), id: .zero) } })
    }
}

/// The completion of a C write.
///
/// Sendable although it holds a pointer: by contract, `done` may be called from any thread, and its context is only
/// passed to it.
@safe
struct WriteCallback: @unchecked Sendable {
    typealias Function =
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UnsafePointer<articled_written>?>?, Int) -> Void

    private let done: Function
    private let context: UnsafeMutableRawPointer?

    init(_ done: @escaping Function, _ context: UnsafeMutableRawPointer?) {
        unsafe self.done = done
        unsafe self.context = context
    }

    /// Completes a call with one write. Call it once.
    func callAsFunction(_ result: WriteResult) {
        unsafe result.withC { written in
            var pointer: UnsafePointer<articled_written>? = unsafe written
            unsafe done(context, &pointer, 1)
        }
    }

    /// Completes a call with several writes, in order. Call it once.
    func callAsFunction(_ results: [WriteResult]) { unsafe WriteResult.withC(results) { unsafe done(context, $0, $1) } }
}
