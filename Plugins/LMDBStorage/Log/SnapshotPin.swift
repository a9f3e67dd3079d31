internal import ArticleProtocol
internal import CLMDB
internal import Synchronization

/// Keeps LMDB from using the pages of one version of the file again, until it is released.
///
/// It is a read transaction: what transaction n frees is used again only while n is less than the oldest reader's
/// transaction (LMDB 0.9.24, mdb.c: mdb_page_alloc, `if (oldest <= last) break`; mdb_find_oldest), and the pages that
/// version t has are freed by transactions after t. So as long as a reader stands at t, all pages of t stay as they are
/// in the file, whatever is written after it.
///
/// Sendable although it is a pointer: with MDB_NOTLS a read transaction belongs to no thread (lmdb.h), and is used by one
/// at a time: begun by the committer, released once by whoever made the next checkpoint.
@safe
final class SnapshotPin: @unchecked Sendable {
    /// Of the version: that of the transaction which made it.
    let number: UInt64
    private let transaction: OpaquePointer
    private let isReleased = Atomic(false)

    /// Pins the version that is the newest one. No write transaction may be under way.
    init(_ environment: Environment) throws(ServiceError) {
        var transaction: OpaquePointer?
        let code = unsafe mdb_txn_begin(environment.handle, nil, UInt32(MDB_RDONLY), &transaction)
        guard code == 0, let transaction = unsafe transaction else {
            throw ServiceError(lmdb: code, "cannot read \(environment.path)")
        }
        unsafe self.transaction = transaction
        number = unsafe UInt64(mdb_txn_id(transaction))
    }

    deinit { release() }

    /// Lets the pages be used again. The environment must still be open.
    func release() {
        if !isReleased.exchange(true, ordering: .relaxed) { unsafe mdb_txn_abort(transaction) }
    }
}
