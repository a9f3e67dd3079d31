// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import Glibc
internal import Synchronization

/// A read transaction that one thread reuses. It is begun once, and renewed at a call if something was committed
/// since the last one, which takes neither memory nor a lock (lmdb.h: mdb_txn_reset, mdb_txn_renew). Between calls it
/// keeps its snapshot, and with it the pages that only this snapshot still has; the committer releases it in time
/// (``releaseSnapshot()``).
///
/// Sendable although it holds pointers: `hold` tells who may use them.
@safe
final class ThreadReader: @unchecked Sendable {
    let environment: LMDBEnvironment
    private let transaction: OpaquePointer
    private let indexCursor: OpaquePointer
    private let locations: LocationCache
    /// The snapshot of the current call, or of the last one. Other threads read it too.
    private let number = Atomic<UInt64>(0)
    private let hold = Atomic(Hold.none)
    private var isReleased = false

    /// Who may use the transaction, and whether it has a snapshot.
    private enum Hold: UInt8, AtomicRepresentable {
        /// Nobody, and there is no snapshot.
        case none
        /// Nobody; the snapshot is kept for the next call.
        case kept
        /// A call on the reader's thread.
        case busy
        /// The committer, briefly.
        case leaving
    }

    init(_ environment: LMDBEnvironment) throws(ServiceError) {
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
        locations = LocationCache(of: environment.heap)
    }

    deinit { release() }

    /// Returns the transaction to LMDB. Nothing can be read through this any more.
    func release() {
        if isReleased { return }
        isReleased = true
        unsafe mdb_cursor_close(indexCursor)
        unsafe mdb_txn_abort(transaction)
        locations.forget()
    }

    /// The snapshot of the current call.
    var version: UInt64 { snapshot }

    private var snapshot: UInt64 { number.load(ordering: .relaxed) }

    /// A snapshot that this reader may be reading, or an earlier one; `nil` if its next read will use the newest one.
    var held: UInt64? { hold.load(ordering: .sequentiallyConsistent) == .none ? nil : snapshot }

    /// Whether a call is under way.
    var isBusy: Bool { hold.load(ordering: .relaxed) == .busy }

    /// Begins a call, which sees the newest snapshot until `end`.
    func begin() throws(ServiceError) {
        if isReleased { throw ServiceError(.unavailable, "the storage is closed") }
        let isKept = hold.compareExchange(expected: .kept, desired: .busy, ordering: .acquiring).exchanged
        // The hold is either `none`, or the committer is about to make it so.
        while !isKept,
            !hold.compareExchange(expected: .none, desired: .busy, ordering: .sequentiallyConsistent).exchanged
        {
            sched_yield()
        }
        do throws(ServiceError) {
            if isKept { try refresh() } else { try renew() }
        } catch {
            hold.store(.none, ordering: .releasing)
            throw error
        }
    }

    /// Moves to the newest snapshot. Everything lent before becomes invalid.
    func refresh() throws(ServiceError) {
        if snapshot == environment.newest { return }
        unsafe mdb_txn_reset(transaction)
        try renew()
    }

    private func renew() throws(ServiceError) {
        let code = unsafe mdb_txn_renew(transaction)
        // If renewing fails, the next call must not assume that it has a snapshot.
        number.store(code == 0 ? unsafe UInt64(mdb_txn_id(transaction)) : 0, ordering: .relaxed)
        guard code == 0 else { throw ServiceError(lmdb: code, "cannot read \(environment.path)") }
    }

    /// Ends a call. The snapshot is kept for the next one.
    func end() { hold.store(.kept, ordering: .releasing) }

    /// Releases the snapshot if no call is using it, so that its pages can be reused. On the committer's thread.
    func releaseSnapshot() {
        guard hold.compareExchange(expected: .kept, desired: .leaving, ordering: .acquiring).exchanged else { return }
        unsafe mdb_txn_reset(transaction)
        hold.store(.none, ordering: .releasing)
    }

    /// The record may be read soon.
    func prefetch(_ id: ArticleID) { locations.prefetch(id) }

    /// Lends the record as last acknowledged to `body`; `nil` if there is none.
    func latest<Result>(
        _ id: ArticleID, _ body: (RecordView) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        let open = environment.recent.transaction
        // Otherwise the tables already have it, and the location may have been reused.
        if open > snapshot, let found = environment.recent.find(id, in: open) {
            return try record(id, found, body)
        }
        // If it was committed in between, the tables have it.
        try refresh()
        return try record(id, body)
    }

    /// The same for the record with a key.
    func latest<Result>(
        key: UnsafeRawBufferPointer, _ body: (RecordView) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        let list = unsafe IndexEntry.list(key: key, environment.hash)
        let recent = environment.recent
        while true {
            let open = recent.transaction
            try refresh()
            let isOpen = open > snapshot
            if isOpen, let owner = recent.owner(list, in: open) {
                let result = try record(owner.id, owner.found) { record throws(ServiceError) -> Result? in
                    unsafe Memory.equal(record.key, key) ? try body(record) : nil
                }
                if let result = result ?? nil { return result }
            }
            var result: Result?
            var isOutdated = false
            try forEachEntry(list) { entry throws(ServiceError) in
                let found = isOpen ? recent.find(entry.id, in: open) : nil
                func lend(_ record: RecordView) throws(ServiceError) {
                    guard unsafe Memory.equal(record.key, key) else { return }
                    // The transaction was committed while looking, so the location may have been reused.
                    isOutdated = found == nil && recent.transaction != open
                    if !isOutdated { result = try body(record) }
                }
                if let found { try record(entry.id, found, lend) } else { try record(entry.id, lend) }
                return result == nil && !isOutdated
            }
            if result != nil || recent.transaction == open { return result }
        }
    }

    private func record<Result>(
        _ id: ArticleID, _ found: RecentWrites.Found, _ body: (RecordView) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        guard case .at(let offset) = found else { return nil }
        return try body(unsafe RecordView(id, at: environment.heap.address(offset), in: environment))
    }

    /// Lends the record of the call's snapshot to `body`; `nil` if there is none.
    func record<Result>(
        _ id: ArticleID, _ body: (RecordView) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result? {
        if let place = unsafe locations.find(id, environment.writeStamps) {
            return try body(unsafe RecordView(id, at: place, in: environment))
        }
        return unsafe try id.withKey { key throws(ServiceError) -> Result? in
            var key = unsafe MDB_val(key)
            var value = unsafe MDB_val()
            let code = unsafe mdb_get(transaction, environment.records, &key, &value)
            if code == MDB_NOTFOUND { return nil }
            guard code == 0 else { throw ServiceError(lmdb: code, "cannot read \(environment.path)") }
            let record = try unsafe RecordView(id, value.bytes, in: environment)
            unsafe locations.note(id, record.start, in: snapshot)
            return try body(record)
        }
    }

    /// Calls `body` with each entry of a list, in ascending order, until it returns `false`.
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

    /// A cursor that walks a list in descending order.
    func list(_ list: UInt64) throws(ServiceError) -> DescendingCursor {
        try DescendingCursor(cursor(environment.index), list)
    }

    /// A cursor of a table, in the call's snapshot. It must not outlive the call.
    func cursor(_ table: MDB_dbi) throws(ServiceError) -> Cursor {
        try unsafe Cursor(transaction, table, environment.path)
    }

    /// The totals of the heap.
    func space() throws(ServiceError) -> HeapSpace {
        unsafe try HeapKey.about.lend { key throws(ServiceError) -> HeapSpace in
            var key = unsafe MDB_val(key)
            var value = unsafe MDB_val()
            let code = unsafe mdb_get(transaction, environment.space, &key, &value)
            guard code == 0 else { throw ServiceError(lmdb: code, "cannot read \(environment.path)") }
            return try unsafe HeapSpace(value.bytes, environment.path)
        }
    }

    /// The number of entries and pages of a table.
    func statistics(_ table: MDB_dbi) throws(ServiceError) -> MDB_stat {
        var statistics = MDB_stat()
        let code = unsafe mdb_stat(transaction, table, &statistics)
        guard code == 0 else { throw ServiceError(lmdb: code, "cannot read \(environment.path)") }
        return statistics
    }
}
