internal import ArticleProtocol
internal import CLMDB
internal import Synchronization

/// A version of the database that is to be brought to disk, so that the log before it is not needed any more.
struct Checkpoint: Sendable {
    /// Keeps its pages.
    let pin: SnapshotPin
    /// What a recovery from it has to know.
    let header: LogHeader
    /// Which file of the log begins with it.
    let index: Int

    /// The version that is the newest one. On the committer's thread, with no transaction under way.
    init(
        of environment: LMDBEnvironment, number: UInt64, _ log: borrowing RedoLog
    ) throws(ServiceError) {
        let contents = try environment.heapContents()
        pin = try SnapshotPin(environment)
        let metas = try MetaPages(path: environment.path, pageSize: environment.pageSize)
        header = log.header(number: number, metas, pageSize: environment.pageSize, contents)
        index = log.index
    }

    /// Brings it to disk: the pages and their sums, before what refers to them. On the checkpointer's thread.
    ///
    /// - Parameters:
    ///   - before: the heads of the checkpoint before, which is still kept.
    ///   - logs: the files of the log, opened for this thread.
    func make(
        _ environment: LMDBEnvironment, _ sums: PageSums, after before: MetaPages, _ logs: [any DiskFile],
        _ disk: any Disk
    ) throws(ServiceError) {
        try environment.files.sync()
        try sums.update(environment.files.database, from: before, to: header.metas, disk)
        try logs[index].write(header.encoded(), at: 0)
        try logs[index].sync()
        // Whoever finds a greater number here than in a log knows that the log is an older one. It need not be on disk.
        try FileMark(
            session: header.session, generation: header.generation, checkpoint: header.number
        ).write(to: environment.files.database, pageSize: environment.pageSize)
    }
}

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
    init(_ environment: LMDBEnvironment) throws(ServiceError) {
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

/// Both heads of the database as they were at a checkpoint: written back, they make LMDB forget what came after it.
struct MetaPages: Equatable, Sendable {
    static let size = 2 * MetaPage.size

    /// One behind the other.
    let bytes: [UInt8]

    /// As they lie in a file now; shorter than ``size`` if the file is.
    init(path: String, pageSize: Int) throws(ServiceError) {
        var bytes: [UInt8] = []
        for page in 0..<2 { bytes += try FilePart.read(path, MetaPage.size, at: page * pageSize) ?? [] }
        self.bytes = bytes
    }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var checksum: UInt32 { CRC32C.checksum(bytes) }

    /// The heads, checked.
    func pages(_ path: String) throws(ServiceError) -> (MetaPage, MetaPage) {
        (
            try MetaPage(bytes.prefix(MetaPage.size), path),
            try MetaPage(bytes.dropFirst(MetaPage.size).prefix(MetaPage.size), path)
        )
    }

    /// Writes them back. Nobody has the file open.
    func restore(to file: any DiskFile, pageSize: Int) throws(ServiceError) {
        for page in 0..<2 {
            try file.write(Array(bytes[page * MetaPage.size..<(page + 1) * MetaPage.size]), at: page * pageSize)
        }
    }
}
