// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import Synchronization

/// A read that may wait, as it crosses the boundary.
enum RequestedRead: Sendable {
    case id(ArticleID)
    case key([UInt8])
    case scan(StorageQuery)
    case changes(ChangeQuery)

    /// Calls `body` with the C form of the read.
    func withC(token: UInt64, deadline: UInt64, _ body: (UnsafePointer<articled_read>) -> Void) {
        var read = unsafe articled_read()
        unsafe read.size = UInt32(MemoryLayout<articled_read>.size)
        unsafe read.token = token
        unsafe read.deadline = deadline
        switch self {
        case .id(let id):
            unsafe read.kind = UInt32(ARTICLED_READ_ID)
            unsafe id.withBytes { id in
                unsafe withUnsafeMutableBytes(of: &read.id) {
                    unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: id, count: 16))
                }
            }
            unsafe body(&read)
        case .key(let key):
            unsafe read.kind = UInt32(ARTICLED_READ_KEY)
            unsafe key.withUnsafeBytes { key in
                unsafe read.key = articled_bytes(key)
                unsafe body(&read)
            }
        case .scan(let query):
            unsafe read.kind = UInt32(ARTICLED_READ_SCAN)
            unsafe query.withC { query in
                unsafe read.query = query
                unsafe body(&read)
            }
        case .changes(let query):
            unsafe read.kind = UInt32(ARTICLED_READ_CHANGES)
            unsafe query.withC { query in
                unsafe read.changes = query
                unsafe body(&read)
            }
        }
    }

    /// A read in the C form.
    init(_ pointer: UnsafePointer<articled_read>) throws(ServiceError) {
        let read = try unsafe AuthoredStructure.copy(pointer, "a read", least: LeastSize.read)
        switch Int(unsafe read.kind) {
        case ARTICLED_READ_ID:
            self = unsafe .id(withUnsafeBytes(of: read.id) { unsafe ArticleID(at: $0.baseAddress!) })
        case ARTICLED_READ_KEY: self = unsafe .key([UInt8](read.key))
        case ARTICLED_READ_SCAN:
            guard let query = unsafe read.query else { throw EngineTable.missing }
            self = .scan(try unsafe StorageQuery(query))
        case ARTICLED_READ_CHANGES:
            guard let query = unsafe read.changes else { throw EngineTable.missing }
            self = .changes(try unsafe ChangeQuery(query))
        default: throw ServiceError(.unimplemented, "a read of the unknown kind \(unsafe read.kind)")
        }
    }
}

/// What an engine has answered, copied.
enum ReadAnswer: Sendable {
    case missing
    case records(RecordPage)
    case changes(ChangePage)

    /// Copies the C form.
    init(_ pointer: UnsafePointer<articled_read_result>) throws(ServiceError) {
        let result = try unsafe AuthoredStructure.copy(
            pointer, "the result of a read", least: LeastSize.readResult)
        let code = unsafe result.code
        if code == StatusCode.notFound.rawValue {
            self = .missing
            return
        }
        guard code == UInt32(ARTICLED_OK) else {
            throw ServiceError(StatusCode(rawValue: code) ?? .internal, unsafe String(result.message))
        }
        if let end = unsafe result.end {
            var changes: [Change] = []
            for index in 0..<(try Self.checked(unsafe result.change_count)) {
                guard let change = unsafe result.changes?[index] else { throw EngineTable.missing }
                if let copy = unsafe StoredChange.with(change, { Change($0) }) { changes.append(copy) }
            }
            self = unsafe .changes(ChangePage(changes: changes, progress: ChangeProgress(end.pointee)))
            return
        }
        var page = unsafe RecordPage(hasMore: result.more != 0)
        for index in 0..<(try Self.checked(unsafe result.record_count)) {
            guard let record = unsafe result.records?[index] else { throw EngineTable.missing }
            unsafe StoredRecord.with(record) { page.records.append(RecordCopy($0)) }
        }
        self = .records(page)
    }

    private static func checked(_ count: Int) throws(ServiceError) -> Int {
        guard (0...Int(ARTICLED_MAX_RESULTS)).contains(count) else {
            throw ServiceError(
                .internal, "the storage answered with \(count) results; at most \(ARTICLED_MAX_RESULTS) are allowed")
        }
        return count
    }

    private static var mismatch: ServiceError {
        ServiceError(.internal, "the storage answered something else than what was asked")
    }

    func record() throws(ServiceError) -> RecordCopy? {
        switch self {
        case .missing: return nil
        case .records(let page):
            guard page.records.count == 1 else { throw Self.mismatch }
            return page.records[0]
        case .changes: throw Self.mismatch
        }
    }

    func page() throws(ServiceError) -> RecordPage {
        switch self {
        case .missing: return RecordPage()
        case .records(let page): return page
        case .changes: throw Self.mismatch
        }
    }

    func changes() throws(ServiceError) -> ChangePage {
        guard case .changes(let page) = self else { throw Self.mismatch }
        return page
    }
}

/// A caller that waits for a read. The engine may answer, late or never; the task may be cancelled; the time may pass.
/// Whichever comes first counts.
final class PendingRead: Sendable {
    typealias Answer = Result<ReadAnswer, ServiceError>

    private struct State {
        var waiting: CheckedContinuation<Answer, Never>?
        var ended: Answer?
    }

    /// No read takes longer than this, so that an engine that never answers does not hold its callers for ever.
    private static let limit: UInt64 = 30_000_000_000
    private static let lastToken = Atomic<UInt64>(0)
    /// Those that the engine has not answered, by token. An engine that answers twice finds nothing here the second time.
    private static let unanswered = Mutex<[UInt64: PendingRead]>([:])

    let token = PendingRead.lastToken.add(1, ordering: .relaxed).newValue
    let deadline = Deadline(nanoseconds: Deadline.now.nanoseconds &+ PendingRead.limit)
    private let log: PluginLog
    private let state = Mutex(State())
    private let isAnswered = Atomic(false)
    /// Sleeps until the limit, unless the engine answers.
    private let timer = Mutex<Task<Void, Never>?>(nil)

    init(_ log: PluginLog) { self.log = log }

    /// Returns `false` if it has ended, and the continuation was resumed.
    func begin(_ continuation: CheckedContinuation<Answer, Never>) -> Bool {
        let ended = state.withLock { state in
            if state.ended == nil { state.waiting = continuation }
            return state.ended
        }
        if let ended { continuation.resume(returning: ended) }
        return ended == nil
    }

    /// Ends the wait, unless it has ended.
    func end(_ answer: Answer) {
        let waiting = state.withLock { state in
            guard state.ended == nil else { return nil as CheckedContinuation<Answer, Never>? }
            state.ended = answer
            return state.waiting.take()
        }
        waiting?.resume(returning: answer)
    }

    /// Whether the caller no longer waits, and the engine has not answered yet.
    var isGivenUp: Bool { !isAnswered.load(ordering: .relaxed) }

    /// The context for `call`. Limits the wait.
    func context() -> UnsafeMutableRawPointer? {
        Self.unanswered.withLock { $0[token] = self }
        let limit = Task.detached { [weak self] in
            try? await Task.sleep(for: .nanoseconds(Int64(Self.limit)))
            self?.expire()
        }
        timer.withLock { $0 = limit }
        return unsafe UnsafeMutableRawPointer(bitPattern: UInt(token))
    }

    private func expire() {
        guard Self.unanswered.withLock({ $0.removeValue(forKey: token) }) != nil else { return }
        let text = "the storage did not answer a read within 30 seconds"
        log.error(text)
        end(.failure(ServiceError(.unavailable, text)))
    }

    static let call: ReadCallback.Function = { context, result in
        let token = UInt64(UInt(bitPattern: context))
        guard let read = unanswered.withLock({ $0.removeValue(forKey: token) }) else { return }
        read.isAnswered.store(true, ordering: .relaxed)
        read.timer.withLock { $0.take() }?.cancel()
        do throws(ServiceError) {
            guard let result = unsafe result else { throw EngineTable.missing }
            read.end(.success(unsafe try ReadAnswer(result)))
        } catch {
            read.end(.failure(error))
        }
    }
}

/// The completion of a C read.
///
/// Sendable although it holds a pointer: by contract, `done` may be called from any thread, and its context is only
/// passed to it.
@safe
struct ReadCallback: @unchecked Sendable {
    typealias Function = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<articled_read_result>?) -> Void

    private let done: Function
    private let context: UnsafeMutableRawPointer?

    init(_ done: @escaping Function, _ context: UnsafeMutableRawPointer?) {
        unsafe self.done = done
        unsafe self.context = context
    }

    /// Completes the read. Call one of these once.
    func callAsFunction(_ error: ServiceError) {
        var message = error.message
        message.withUTF8 { text in
            var result = unsafe Self.empty
            unsafe result.code = error.code == .ok ? StatusCode.internal.rawValue : error.code.rawValue
            unsafe result.message = articled_bytes(UnsafeRawBufferPointer(text))
            unsafe done(context, &result)
        }
    }

    func callAsFunction(_ page: RecordPage?) {
        var result = unsafe Self.empty
        guard let page else {
            unsafe result.code = StatusCode.notFound.rawValue
            return unsafe done(context, &result)
        }
        let records = CRecords(page.records)
        unsafe result.records = records.pointers
        unsafe result.record_count = page.records.count
        unsafe result.more = page.hasMore ? 1 : 0
        withExtendedLifetime(records) { unsafe done(context, &result) }
    }

    func callAsFunction(_ page: ChangePage) {
        var result = unsafe Self.empty
        var end = articled_changes_end()
        end.size = UInt32(MemoryLayout<articled_changes_end>.size)
        end.set(page.progress)
        let records = CRecords(page.changes.map(\.record))
        var changes = unsafe page.changes.enumerated().map { index, change in
            unsafe articled_change(
                size: UInt32(MemoryLayout<articled_change>.size), kind: change.kind.rawValue,
                sequence: change.sequence, record: records.pointers[index])
        }
        unsafe changes.withUnsafeMutableBufferPointer { changes in
            var pointers: [UnsafePointer<articled_change>?] = unsafe changes.indices.map { index in
                unsafe changes.baseAddress.map { unsafe UnsafePointer($0 + index) }
            }
            unsafe pointers.withUnsafeMutableBufferPointer { pointers in
                unsafe withUnsafePointer(to: end) { end in
                    unsafe result.end = end
                    unsafe result.changes = UnsafePointer(pointers.baseAddress)
                    unsafe result.change_count = page.changes.count
                    withExtendedLifetime(records) { unsafe done(context, &result) }
                }
            }
        }
    }

    private static var empty: articled_read_result {
        var result = unsafe articled_read_result()
        unsafe result.size = UInt32(MemoryLayout<articled_read_result>.size)
        return unsafe result
    }
}

/// Records in the C form, with their bytes, in memory of their own.
@safe
private final class CRecords {
    private let bytes: UnsafeMutableRawBufferPointer
    private let records: UnsafeMutableBufferPointer<articled_record>
    private let list: UnsafeMutableBufferPointer<UnsafePointer<articled_record>?>

    init(_ copies: [RecordCopy]) {
        unsafe bytes = .allocate(byteCount: copies.reduce(0) { $0 + $1.content.count + $1.key.count }, alignment: 1)
        unsafe records = .allocate(capacity: copies.count)
        unsafe list = .allocate(capacity: copies.count)
        var used = 0
        func keep(_ part: [UInt8]) -> articled_bytes {
            let place = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[used..<used + part.count])
            unsafe place.copyBytes(from: part)
            used += part.count
            return unsafe articled_bytes(UnsafeRawBufferPointer(place))
        }
        for (index, copy) in copies.enumerated() {
            copy.lend { record in
                unsafe record.withC { record in unsafe records.initializeElement(at: index, to: record.pointee) }
            }
            unsafe records[index].content = keep(copy.content)
            unsafe records[index].key = keep(copy.key)
            unsafe list.initializeElement(at: index, to: records.baseAddress.map { unsafe UnsafePointer($0 + index) })
        }
    }

    deinit {
        unsafe bytes.deallocate()
        unsafe records.deallocate()
        unsafe list.deallocate()
    }

    /// One pointer for each record. Valid as long as this object.
    var pointers: UnsafePointer<UnsafePointer<articled_record>?> {
        // An empty list has an address, too.
        unsafe UnsafePointer(list.baseAddress.unsafelyUnwrapped)
    }
}

/// The reads that engines in Swift are at, each in a task that can be cancelled.
enum RunningReads {
    private enum Entry {
        case running(Task<Void, Never>)
        /// It has ended, or was cancelled, before its task was entered here.
        case over
    }

    private static let all = Mutex<[UInt64: Entry]>([:])

    /// Starts a read.
    static func start(
        _ read: RequestedRead, _ token: UInt64, _ engine: any StorageEngine, _ done: ReadCallback
    ) {
        let task = Task.detached {
            await answer(read, engine, done)
            all.withLock { all in
                if case .running = all[token] { all[token] = nil } else { all[token] = .over }
            }
        }
        all.withLock { all in
            if case .over = all[token] {
                all[token] = nil
                task.cancel()
            } else {
                all[token] = .running(task)
            }
        }
    }

    /// Cancels a read, if it has not ended.
    static func cancel(_ token: UInt64) {
        all.withLock { all in
            if case .running(let task) = all[token] { task.cancel() }
        }
    }

    private static func answer(_ read: RequestedRead, _ engine: any StorageEngine, _ done: ReadCallback) async {
        do throws(ServiceError) {
            switch read {
            case .id(let id): done(try await engine.fetch(id: id).map { RecordPage(records: [$0]) })
            case .key(let key): done(try await engine.fetch(key: key).map { RecordPage(records: [$0]) })
            case .scan(let query): done(try await engine.fetch(query))
            case .changes(let query): done(try await engine.fetch(query))
            }
        } catch {
            done(error)
        }
    }
}
