internal import ArticleProtocol
internal import CLMDB

/// A change of the file that is made as a whole, at its commit, or not at all.
///
/// One at a time, and on one thread: the committer's, or that which opens the file.
@safe
struct WriteTransaction: ~Copyable {
    private let handle: OpaquePointer
    private let path: String

    /// Begins one, for ``commit()`` or ``abort()``.
    init(_ environment: OpaquePointer, _ path: String) throws(ServiceError) {
        var handle: OpaquePointer?
        let code = unsafe mdb_txn_begin(environment, nil, 0, &handle)
        guard code == 0, let handle = unsafe handle else { throw ServiceError(lmdb: code, "cannot write \(path)") }
        unsafe self.handle = handle
        self.path = path
    }

    /// Runs `body` in a transaction, and commits: when this returns, the change is on disk. If `body` or the commit
    /// throws, nothing has changed.
    static func run<Result>(
        _ environment: OpaquePointer, _ path: String,
        _ body: (borrowing WriteTransaction) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        let transaction = try unsafe WriteTransaction(environment, path)
        let result: Result
        do throws(ServiceError) {
            result = try body(transaction)
        } catch {
            transaction.abort()
            throw error
        }
        try transaction.commit()
        return result
    }

    /// Makes the change. It is over also if this throws: nothing has changed then.
    func commit() throws(ServiceError) { try check(unsafe mdb_txn_commit(handle), "cannot write") }

    /// Gives the change up.
    func abort() { unsafe mdb_txn_abort(handle) }

    /// Its number: that of the snapshot which its commit makes.
    var number: UInt64 { unsafe UInt64(mdb_txn_id(handle)) }

    /// Whether there is no table at all yet.
    func isEmptyFile() throws(ServiceError) -> Bool {
        var main: MDB_dbi = 0
        try check(unsafe mdb_dbi_open(handle, nil, 0, &main), "cannot read")
        return try count(main) == 0
    }

    /// A table.
    func table(_ name: String, create: Bool) throws(ServiceError) -> MDB_dbi {
        var table: MDB_dbi = 0
        try check(unsafe mdb_dbi_open(handle, name, create ? UInt32(MDB_CREATE) : 0, &table), "cannot read")
        return table
    }

    /// A table; `nil` if the file has none of this name.
    func tableIfPresent(_ name: String) throws(ServiceError) -> MDB_dbi? {
        var table: MDB_dbi = 0
        let code = unsafe mdb_dbi_open(handle, name, 0, &table)
        // INCOMPATIBLE: the name is an entry of another program's, and no table.
        if code == MDB_NOTFOUND || code == MDB_INCOMPATIBLE { return nil }
        try check(code, "cannot read")
        return table
    }

    /// How many entries a table has.
    func count(_ table: MDB_dbi) throws(ServiceError) -> Int {
        var statistics = MDB_stat()
        try check(unsafe mdb_stat(handle, table, &statistics), "cannot read")
        return statistics.ms_entries
    }

    /// Lends a value to `body` until the next change; `nil` if there is none.
    func lend<Result>(
        _ key: UnsafeRawBufferPointer, _ table: MDB_dbi, _ body: (UnsafeRawBufferPointer) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        var key = unsafe MDB_val(key)
        var value = unsafe MDB_val()
        let code = unsafe mdb_get(handle, table, &key, &value)
        if code == MDB_NOTFOUND { return nil }
        try check(code, "cannot read")
        return try unsafe body(value.bytes)
    }

    /// The same for a key in an array.
    func lend<Result>(
        _ key: [UInt8], _ table: MDB_dbi, _ body: (UnsafeRawBufferPointer) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        unsafe try key.lend { key throws(ServiceError) in try unsafe lend(key, table, body) }
    }

    /// A copy of a value.
    func copy(_ key: [UInt8], _ table: MDB_dbi) throws(ServiceError) -> [UInt8]? {
        unsafe try lend(key, table) { unsafe [UInt8]($0) }
    }

    /// Adds or replaces.
    ///
    /// - Parameter atEnd: the key is greater than all that are there, which fills pages better.
    func put(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ table: MDB_dbi, atEnd: Bool = false
    ) throws(ServiceError) {
        var key = unsafe MDB_val(key)
        var value = unsafe MDB_val(value)
        try check(unsafe mdb_put(handle, table, &key, &value, atEnd ? UInt32(MDB_APPEND) : 0), "cannot write")
    }

    /// The same for arrays.
    func put(_ key: [UInt8], _ value: [UInt8], _ table: MDB_dbi) throws(ServiceError) {
        unsafe try key.lend { key throws(ServiceError) in
            unsafe try value.lend { value throws(ServiceError) in try unsafe put(key, value, table) }
        }
    }

    /// Takes an entry away, if it is there.
    func delete(_ key: UnsafeRawBufferPointer, _ table: MDB_dbi) throws(ServiceError) {
        var key = unsafe MDB_val(key)
        let code = unsafe mdb_del(handle, table, &key, nil)
        if code != MDB_NOTFOUND { try check(code, "cannot write") }
    }

    /// The same for a key in an array.
    func delete(_ key: [UInt8], _ table: MDB_dbi) throws(ServiceError) {
        unsafe try key.lend { key throws(ServiceError) in try unsafe delete(key, table) }
    }

    /// A place in a table.
    func cursor(_ table: MDB_dbi) throws(ServiceError) -> Cursor {
        try unsafe Cursor(handle, table, path)
    }

    private func check(_ code: Int32, _ doing: String) throws(ServiceError) {
        if code != 0 { throw ServiceError(lmdb: code, "\(doing) \(path)") }
    }
}

extension WriteTransaction {
    /// Puts a record's entries into the index, in the place of those that it had before.
    func index(
        _ entries: [IndexEntry], insteadOf before: [IndexEntry], _ table: MDB_dbi
    ) throws(ServiceError) {
        let nothing = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        for entry in before where !entries.contains(entry) {
            unsafe try entry.withBytes { bytes throws(ServiceError) in try unsafe delete(bytes, table) }
        }
        for entry in entries where !before.contains(entry) {
            unsafe try entry.withBytes { bytes throws(ServiceError) in try unsafe put(bytes, nothing, table) }
        }
    }
}

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

extension MDB_val {
    /// Bytes for LMDB, which does not write through the pointer.
    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }

    /// Bytes of LMDB's.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: mv_data, count: Int(clamping: mv_size)) }
}
