// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB

/// A write transaction of LMDB: atomic at its commit.
///
/// Only one may be open, on one thread: the committer's, or the one that opens the file.
@safe
struct WriteTransaction: ~Copyable {
    /// LMDB's handle.
    let handle: OpaquePointer
    private let path: String

    /// Begins a transaction, to be ended by ``commit()`` or ``abort()``.
    init(_ environment: OpaquePointer, _ path: String) throws(ServiceError) {
        var handle: OpaquePointer?
        let code = unsafe mdb_txn_begin(environment, nil, 0, &handle)
        guard code == 0, let handle = unsafe handle else { throw ServiceError(lmdb: code, "cannot write \(path)") }
        unsafe self.handle = handle
        self.path = path
    }

    /// Runs `body` in a transaction and commits it. If `body` or the commit throws, nothing has changed.
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

    /// Commits. The transaction is over even if this throws; nothing has changed then.
    func commit() throws(ServiceError) { try check(unsafe mdb_txn_commit(handle), "cannot write") }

    /// Rolls back.
    func abort() { unsafe mdb_txn_abort(handle) }

    /// The transaction's number, which is also the number of the snapshot that its commit creates.
    var number: UInt64 { unsafe UInt64(mdb_txn_id(handle)) }

    /// Whether the file has no tables yet.
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

    /// A table; `nil` if the file has none with this name.
    func tableIfPresent(_ name: String) throws(ServiceError) -> MDB_dbi? {
        var table: MDB_dbi = 0
        let code = unsafe mdb_dbi_open(handle, name, 0, &table)
        // INCOMPATIBLE: the name is an entry of another program, not a table.
        if code == MDB_NOTFOUND || code == MDB_INCOMPATIBLE { return nil }
        try check(code, "cannot read")
        return table
    }

    /// The number of entries in a table.
    func count(_ table: MDB_dbi) throws(ServiceError) -> Int {
        var statistics = MDB_stat()
        try check(unsafe mdb_stat(handle, table, &statistics), "cannot read")
        return statistics.ms_entries
    }

    /// Lends a value to `body`, until the next write; `nil` if there is none.
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

    /// Takes the key as an array.
    func lend<Result>(
        _ key: [UInt8], _ table: MDB_dbi, _ body: (UnsafeRawBufferPointer) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        unsafe try key.lend { key throws(ServiceError) in try unsafe lend(key, table, body) }
    }

    /// Copies a value.
    func copy(_ key: [UInt8], _ table: MDB_dbi) throws(ServiceError) -> [UInt8]? {
        unsafe try lend(key, table) { unsafe [UInt8]($0) }
    }

    /// Inserts or replaces a value.
    ///
    /// - Parameter atEnd: the key is greater than all others, which lets LMDB fill pages better.
    func put(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ table: MDB_dbi, atEnd: Bool = false
    ) throws(ServiceError) {
        var key = unsafe MDB_val(key)
        var value = unsafe MDB_val(value)
        if atEnd {
            let code = unsafe mdb_put(handle, table, &key, &value, UInt32(MDB_APPEND))
            // It is not greater: a damaged table must not refuse all writes.
            if code != MDB_KEYEXIST { return try check(code, "cannot write") }
        }
        try check(unsafe mdb_put(handle, table, &key, &value, 0), "cannot write")
    }

    /// Takes arrays.
    func put(_ key: [UInt8], _ value: [UInt8], _ table: MDB_dbi) throws(ServiceError) {
        unsafe try key.lend { key throws(ServiceError) in
            unsafe try value.lend { value throws(ServiceError) in try unsafe put(key, value, table) }
        }
    }

    /// Deletes an entry, if it exists.
    func delete(_ key: UnsafeRawBufferPointer, _ table: MDB_dbi) throws(ServiceError) {
        var key = unsafe MDB_val(key)
        let code = unsafe mdb_del(handle, table, &key, nil)
        if code != MDB_NOTFOUND { try check(code, "cannot write") }
    }

    /// Takes the key as an array.
    func delete(_ key: [UInt8], _ table: MDB_dbi) throws(ServiceError) {
        unsafe try key.lend { key throws(ServiceError) in try unsafe delete(key, table) }
    }

    /// A cursor of a table.
    func cursor(_ table: MDB_dbi) throws(ServiceError) -> Cursor {
        try unsafe Cursor(handle, table, path)
    }

    private func check(_ code: Int32, _ doing: String) throws(ServiceError) {
        if code != 0 { throw ServiceError(lmdb: code, "\(doing) \(path)") }
    }
}

extension WriteTransaction {
    /// Replaces the index entries of a record.
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

/// A cursor of a table. It must not outlive its transaction.
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

    /// Moves there and calls `body` with key and value; `nil` if there is no entry.
    func move<Result>(
        _ step: Step, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        var key = unsafe MDB_val()
        return try unsafe go(&key, step.operation, body)
    }

    /// Moves to the first entry that is not less than `key`.
    func seek<Result>(
        _ key: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        var key = unsafe MDB_val(key)
        return try unsafe go(&key, MDB_SET_RANGE, body)
    }

    /// Takes the key as an array.
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
    /// Bytes to pass to LMDB, which does not write through the pointer.
    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }

    /// Bytes received from LMDB.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: mv_data, count: Int(clamping: mv_size)) }
}
