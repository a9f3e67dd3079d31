internal import ArticleProtocol
internal import CLMDB

/// A place in a table. It does not outlive its transaction.
@safe
struct Cursor: ~Copyable {
    private let handle: OpaquePointer
    private let path: String

    init(_ transaction: OpaquePointer, _ table: MDB_dbi, _ path: String) throws(ServiceError) {
        var handle: OpaquePointer?
        let code = unsafe mdb_cursor_open(transaction, table, &handle)
        guard code == 0, let handle = unsafe handle else { throw ServiceError(lmdb: code, "cannot read \(path)") }
        unsafe self.handle = handle
        self.path = path
    }

    deinit { unsafe mdb_cursor_close(handle) }

    /// A step.
    enum Step {
        case first, last, next, previous

        fileprivate var operation: MDB_cursor_op {
            switch self {
            case .first: MDB_FIRST
            case .last: MDB_LAST
            case .next: MDB_NEXT
            case .previous: MDB_PREV
            }
        }
    }

    /// Goes there, and calls `body` with the key and the value; `nil` if there is no entry.
    func move<Result>(
        _ step: Step, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        var key = unsafe MDB_val()
        return try unsafe go(&key, step.operation, body)
    }

    /// Goes to the first entry that is not before `key`.
    func seek<Result>(
        _ key: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        var key = unsafe MDB_val(key)
        return try unsafe go(&key, MDB_SET_RANGE, body)
    }

    /// The same for a key in an array.
    func seek<Result>(
        _ key: [UInt8], _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        unsafe try key.lend { key throws(ServiceError) in try unsafe seek(key, body) }
    }

    private func go<Result>(
        _ key: inout MDB_val, _ operation: MDB_cursor_op,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        var value = unsafe MDB_val()
        let code = unsafe mdb_cursor_get(handle, &key, &value, operation)
        if code == MDB_NOTFOUND { return nil }
        guard code == 0 else { throw ServiceError(lmdb: code, "cannot read \(path)") }
        return try unsafe body(key.bytes, value.bytes)
    }
}
