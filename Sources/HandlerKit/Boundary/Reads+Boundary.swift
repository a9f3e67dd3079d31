// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

/// A read that may wait, as it crosses the boundary.
enum RequestedRead: Sendable {
    case id(ArticleID)
    case key([UInt8])
    case scan(StorageQuery)
    case changes(ChangeQuery)

    /// Calls `body` with the C form of the read.
    func withC(
        token: UInt64, deadline: UInt64, loop: OpaquePointer?, _ body: (UnsafePointer<articled_read>) -> Void
    ) {
        var read = unsafe articled_read()
        unsafe read.size = UInt32(MemoryLayout<articled_read>.size)
        unsafe read.loop = loop
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
