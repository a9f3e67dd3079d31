internal import ArticleProtocol
internal import CLMDB

/// A read transaction that is used again and again, by one thread at a time: begun once, renewed for each call, which takes
/// neither memory nor a lock (lmdb.h: mdb_txn_reset, mdb_txn_renew). Between calls it pins no page.
///
/// Sendable although it holds pointers: `isBusy` says whose they are, and only the thread that has the reader touches it.
@safe
final class ThreadReader: @unchecked Sendable {
    let environment: Environment
    private let transaction: OpaquePointer
    private let indexCursor: OpaquePointer
    private let places = RecordPlaces()
    private var snapshot: UInt64 = 0
    /// A call is under way.
    private(set) var isBusy = false
    private var isReleased = false

    init(_ environment: Environment) throws(ServiceError) {
        var transaction: OpaquePointer?
        var code = unsafe mdb_txn_begin(environment.handle, nil, UInt32(MDB_RDONLY), &transaction)
        guard code == 0, let transaction = unsafe transaction else {
            throw ServiceError(lmdb: code, "cannot read \(environment.path)")
        }
        var cursor: OpaquePointer?
        code = unsafe mdb_cursor_open(transaction, environment.index, &cursor)
        guard code == 0, let cursor = unsafe cursor else {
            unsafe mdb_txn_abort(transaction)
            throw ServiceError(lmdb: code, "cannot read \(environment.path)")
        }
        unsafe mdb_txn_reset(transaction)
        self.environment = environment
        unsafe self.transaction = transaction
        unsafe indexCursor = cursor
    }

    deinit { release() }

    /// Gives the transaction back to LMDB; nothing can be read through this any more.
    func release() {
        if isReleased { return }
        isReleased = true
        unsafe mdb_cursor_close(indexCursor)
        unsafe mdb_txn_abort(transaction)
    }

    /// Sees the database as it is now, until `end`.
    func begin() throws(ServiceError) {
        if isReleased { throw ServiceError(.unavailable, "the storage is closed") }
        let code = unsafe mdb_txn_renew(transaction)
        guard code == 0 else { throw ServiceError(lmdb: code, "cannot read \(environment.path)") }
        unsafe snapshot = UInt64(mdb_txn_id(transaction))
        isBusy = true
    }

    /// Sees nothing any more.
    func end() {
        unsafe mdb_txn_reset(transaction)
        isBusy = false
    }

    /// The record may be asked for soon.
    func expect(_ id: ArticleID) { places.expect(id) }

    /// Lends a record to `body`; `nil` if there is none.
    func record<Result>(
        _ id: ArticleID, _ body: (RecordView) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        if let place = unsafe places.find(id, in: snapshot, environment.changes) {
            return try body(unsafe RecordView(id, at: place, environment.map, environment.path))
        }
        return unsafe try id.withKey { key throws(ServiceError) -> Result? in
            var key = unsafe MDB_val(key)
            var value = unsafe MDB_val()
            let code = unsafe mdb_get(transaction, environment.records, &key, &value)
            if code == MDB_NOTFOUND { return nil }
            guard code == 0 else { throw ServiceError(lmdb: code, "cannot read \(environment.path)") }
            let record = try unsafe RecordView(id, value.bytes, environment.map, environment.path)
            unsafe places.note(id, value.mv_data, in: snapshot)
            return try body(record)
        }
    }

    /// Calls `body` with each entry of a list, in ascending order, until it answers `false`.
    func forEachEntry(
        _ list: UInt64, _ body: (IndexEntry) throws(ServiceError) -> Bool
    ) throws(ServiceError) {
        let code = unsafe mdb_cursor_renew(transaction, indexCursor)
        guard code == 0 else { throw ServiceError(lmdb: code, "cannot read \(environment.path)") }
        let start = IndexEntry(list: list, time: 0, id: ArticleID(high: 0, low: 0))
        unsafe try start.withBytes { bytes throws(ServiceError) in
            var key = unsafe MDB_val(bytes)
            var value = unsafe MDB_val()
            var code = unsafe mdb_cursor_get(indexCursor, &key, &value, MDB_SET_RANGE)
            while code == 0, let entry = unsafe IndexEntry(key.bytes), entry.list == list {
                guard try body(entry) else { return }
                code = unsafe mdb_cursor_get(indexCursor, &key, &value, MDB_NEXT)
            }
            guard code == 0 || code == MDB_NOTFOUND else {
                throw ServiceError(lmdb: code, "cannot read \(environment.path)")
            }
        }
    }

    /// A list, to be walked downwards.
    func list(_ list: UInt64) throws(ServiceError) -> ListCursor {
        try unsafe ListCursor(Cursor(transaction, environment.index, environment.path), list)
    }

    /// Entries and pages of a table.
    func statistics(_ table: MDB_dbi) throws(ServiceError) -> MDB_stat {
        var statistics = MDB_stat()
        let code = unsafe mdb_stat(transaction, table, &statistics)
        guard code == 0 else { throw ServiceError(lmdb: code, "cannot read \(environment.path)") }
        return statistics
    }
}
