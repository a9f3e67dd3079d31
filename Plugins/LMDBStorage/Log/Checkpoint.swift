// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import Synchronization

/// A snapshot that is to be made durable, so that the log before it is no longer needed.
struct Checkpoint: Sendable {
    /// Keeps the snapshot's pages.
    let pin: SnapshotPin
    /// What a recovery from this checkpoint needs.
    let header: LogHeader
    /// The log file that begins with it.
    let index: Int

    /// The newest snapshot. On the committer's thread, with no transaction open.
    init(
        of environment: LMDBEnvironment, number: UInt64, _ log: borrowing RedoLog
    ) throws(ServiceError) {
        let contents = try environment.heapContents()
        pin = try SnapshotPin(environment)
        let metas = try MetaPages(path: environment.path, pageSize: environment.pageSize)
        header = log.header(number: number, metas, pageSize: environment.pageSize, contents)
        index = log.index
    }

    /// Makes the checkpoint durable: pages and checksums first, then what refers to them. On the checkpointer's
    /// thread.
    ///
    /// - Parameters:
    ///   - before: the meta pages of the previous checkpoint, which is still pinned.
    ///   - logs: the log files, opened for this thread.
    func make(
        _ environment: LMDBEnvironment, _ sums: PageSums, after before: MetaPages, _ logs: [any DiskFile],
        _ disk: any Disk
    ) throws(ServiceError) {
        try environment.files.sync()
        try sums.update(environment.files.database, from: before, to: header.metas, disk)
        try logs[index].write(header.encoded(), at: 0)
        try logs[index].sync()
        // If this number is greater than the one in a log, that log is older. It need not be durable.
        try FileMark(
            session: header.session, generation: header.generation, checkpoint: header.number
        ).write(to: environment.files.database, pageSize: environment.pageSize)
    }
}

/// Keeps LMDB from reusing the pages of one snapshot, until it is released.
///
/// It is a read transaction. LMDB reuses what transaction n freed only while n is less than the oldest reader's
/// transaction (LMDB 0.9.24, mdb.c: mdb_page_alloc, `if (oldest <= last) break`; mdb_find_oldest), and the pages of
/// snapshot t are freed by transactions after t. So while a reader is at t, all pages of t stay in the file
/// unchanged.
///
/// Sendable although it holds a pointer: with MDB_NOTLS a read transaction belongs to no thread (lmdb.h). It is used
/// by one thread at a time: begun by the committer, released once by the thread that made the next checkpoint.
@safe
final class SnapshotPin: @unchecked Sendable {
    /// The number of the snapshot, which is that of its transaction.
    let number: UInt64
    private let transaction: OpaquePointer
    private let owners = Atomic(1)

    /// Pins the newest snapshot. No write transaction may be open.
    init(_ environment: LMDBEnvironment) throws(ServiceError) {
        var transaction: OpaquePointer?
        let code = unsafe mdb_txn_begin(environment.handle, nil, UInt32(MDB_RDONLY), &transaction)
        guard code == 0, let transaction = unsafe transaction else {
            throw ServiceError(lmdb: code, "cannot read \(environment.path)")
        }
        unsafe self.transaction = transaction
        number = unsafe UInt64(mdb_txn_id(transaction))
    }

    deinit { if owners.load(ordering: .relaxed) > 0 { unsafe mdb_txn_abort(transaction) } }

    /// Keeps it for one more owner, who releases it. Some owner must still have it.
    func hold() { owners.add(1, ordering: .relaxed) }

    /// One owner no longer needs it. After the last one, the pages may be reused. The environment must still be open.
    func release() {
        if owners.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { unsafe mdb_txn_abort(transaction) }
    }
}

/// Both meta pages of the LMDB file as they were at a checkpoint. Writing them back makes LMDB forget everything
/// later.
struct MetaPages: Equatable, Sendable {
    static let size = 2 * MetaPage.size

    /// One after the other.
    let bytes: [UInt8]

    /// As they are in a file now; shorter than ``size`` if the file is.
    init(path: String, pageSize: Int) throws(ServiceError) {
        var bytes: [UInt8] = []
        for page in 0..<2 { bytes += try FilePart.read(path, MetaPage.size, at: page * pageSize) ?? [] }
        self.bytes = bytes
    }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var checksum: UInt32 { CRC32C.checksum(bytes) }

    /// Decodes and checks both.
    func pages(_ path: String) throws(ServiceError) -> (MetaPage, MetaPage) {
        (
            try MetaPage(bytes.prefix(MetaPage.size), path),
            try MetaPage(bytes.dropFirst(MetaPage.size).prefix(MetaPage.size), path)
        )
    }

    /// Writes them back. The file must not be open in LMDB.
    func restore(to file: any DiskFile, pageSize: Int) throws(ServiceError) {
        for page in 0..<2 {
            try file.write(Array(bytes[page * MetaPage.size..<(page + 1) * MetaPage.size]), at: page * pageSize)
        }
    }
}
