// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import Glibc
internal import Synchronization

/// An open LMDB file with articled's tables, and the heap next to it.
///
/// Sendable although it holds a pointer: any thread may use an LMDB environment. Transactions have rules of their
/// own: ``WriteTransaction`` is for the committer's thread only, and each ``ThreadReader`` for one thread.
@safe
final class LMDBEnvironment: @unchecked Sendable {
    /// LMDB's handle.
    let handle: OpaquePointer
    /// The path of the LMDB file.
    let path: String
    /// LMDB's descriptor of the file, for operations that LMDB has no function for.
    let descriptor: Int32
    /// Table of records: id -> ``HeapLocation``.
    let records: MDB_dbi
    /// The index: ``IndexEntry`` -> nothing.
    let index: MDB_dbi
    /// The table of free space: see ``HeapSpace``.
    let space: MDB_dbi
    /// The tables of changes. An index of an earlier version has none until ``ChangeUpgrade`` adds them. Set before
    /// any other thread uses the environment.
    var changes: ChangeTables?
    /// The session that writes. Set before any other thread uses the environment.
    var session = LogSession.new()
    /// How far the changes can be read.
    let horizon = ChangeHorizon()
    /// How long deletions are remembered.
    let retention: DeletionRetention
    /// The file with the records.
    let heap: HeapFile
    /// Hashes keys and terms with a secret key, so that no peer can construct collisions. The key is stored in the
    /// heap.
    let hash: KeyedHash
    /// The LMDB file and the heap, opened again for the thread that makes checkpoints.
    let files: Files
    /// Whether the index is known to be damaged, and why.
    let damage = IndexDamage()
    /// The memory map of the LMDB file.
    let map: FileMap
    /// In bytes.
    let pageSize = Int(getpagesize())
    /// When each record was last written.
    let writeStamps = WriteStamps()
    /// The writes of the open transaction.
    let recent = RecentWrites()
    private let lastCommit = Atomic<UInt64>(0)

    /// The files as opened for one thread that syncs them (``Disk/open(_:)``).
    struct Files: Sendable {
        let database: any DiskFile
        let heap: any DiskFile

        init(_ database: String, _ heap: String, _ disk: any Disk) throws(ServiceError) {
            self.database = try disk.open(database)
            self.heap = try disk.open(heap)
        }

        /// Makes everything committed so far durable: the records before the tables that refer to them.
        func sync() throws(ServiceError) {
            try heap.sync()
            try database.sync()
        }
    }

    /// Opens a sound file at `path`, or a new, empty one.
    ///
    /// - Parameter head: the head of the heap.
    init(
        _ path: String, in directory: DataDirectory, _ head: HeapHead, _ limits: EngineLimits, mapSize: Int,
        _ disk: any Disk, isNew: Bool = false
    ) throws(ServiceError) {
        let handle = try unsafe Self.open(path, mapSize: mapSize, maxReaders: limits.maxReaders)
        do throws(ServiceError) {
            var dead: Int32 = 0
            unsafe mdb_reader_check(handle, &dead)
            var descriptor: Int32 = -1
            unsafe mdb_env_get_fd(handle, &descriptor)
            hash = head.hash
            let tables =
                isNew
                ? try unsafe Tables(makingIn: handle, path, head.hash) : try unsafe Tables(of: handle, path, head.hash)
            (records, index, space) = (tables.records, tables.index, tables.space)
            changes = tables.changes
            retention = limits.deletions
            map = try unsafe FileMap(handle, descriptor, path)
            heap = try HeapFile(directory.heap, head, capacity: mapSize, disk)
            files = try Files(path, directory.heap, disk)
            self.descriptor = descriptor
        } catch {
            unsafe mdb_env_close(handle)
            throw error
        }
        unsafe self.handle = handle
        self.path = path
    }

    /// From now on, commits do not sync: the log has what they change, or the index can be rebuilt.
    func disableSync() throws(ServiceError) {
        let code = unsafe mdb_env_set_flags(handle, UInt32(MDB_NOSYNC), 1)
        guard code == 0 else { throw ServiceError(lmdb: code, "cannot open \(path)") }
    }

    /// The number of the last committed transaction. A reader with this snapshot is up to date.
    var newest: UInt64 { lastCommit.load(ordering: .acquiring) }

    /// Called after a transaction was committed or the file opened, before anyone is told.
    func publishCommit() {
        var information = unsafe MDB_envinfo()
        unsafe mdb_env_info(handle, &information)
        lastCommit.store(unsafe UInt64(information.me_last_txnid), ordering: .releasing)
    }

    /// Throws if a file no longer has a name: its data would be lost when the process ends. Any thread.
    ///
    /// - Parameter log: the log file in use.
    func checkLinks(_ log: (any DiskFile)?) throws(ServiceError) {
        for file in [log, files.heap, files.database] {
            guard let file, !file.isLinked else { continue }
            throw ServiceError(.unavailable, "\(file.path) was removed while the service was running")
        }
    }

    /// The contents of the heap in the newest snapshot. No transaction may be open.
    func heapContents() throws(ServiceError) -> HeapHead.Contents {
        try unsafe WriteTransaction.run(handle, path) { transaction throws(ServiceError) in
            let space = try HeapSpace(transaction, space, path)
            return HeapHead.Contents(
                records: UInt64(clamping: try transaction.count(records)), end: space.end, sequence: space.sequence)
        }
    }

    /// The tables that grow with the articles.
    var allTables: [MDB_dbi] { [records, index] + (changes.map { [$0.changes, $0.deletions] } ?? []) }

    /// From now on, positions in the changes from before are unknown. No transaction may be open.
    func beginHistory() throws(ServiceError) {
        guard let changes else { return }
        try unsafe WriteTransaction.run(handle, path) { transaction throws(ServiceError) in
            try ChangeHistory.begin(changes, transaction)
        }
    }

    /// The size of the LMDB file; 0 if it is unknown.
    var fileSize: Int {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// The record that a value of the table of records refers to, not read and not checked; `nil` if it cannot exist.
    @inline(__always)
    func record(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        // Sizes first: nothing is read before it is known to lie in the file.
        guard unsafe map.allows(value) else { return nil }
        return unsafe HeapLocation(value).flatMap { unsafe heap.bytes($0) }
    }

    /// The sequence number of a record that is damaged elsewhere; `nil` if its seal is damaged too.
    func sealedSequence(_ id: ArticleID, _ value: UnsafeRawBufferPointer) -> UInt64? {
        guard let location = unsafe HeapLocation(value), location.count >= RecordHeader.size,
            let bytes = unsafe record(value), let header = unsafe RecordHeader(decoding: bytes), header.id == id,
            header.isSealed(hash, at: location.offset)
        else { return nil }
        return header.sequence
    }

    /// Whether all of these bytes, of the heap or of the LMDB file, can be read.
    func allows(_ bytes: UnsafeRawBufferPointer) -> Bool {
        heap.contains(UInt(bitPattern: bytes.baseAddress)) ? unsafe heap.allows(bytes) : unsafe map.allows(bytes)
    }

    /// No transaction may be open.
    func close() {
        heap.close()
        files.database.close()
        files.heap.close()
        unsafe mdb_env_close(handle)
    }

    private static func open(_ path: String, mapSize: Int, maxReaders: UInt32) throws(ServiceError) -> OpaquePointer {
        var size = mapSize
        // Two checkpoints and a recovery pin snapshots too.
        let readers = maxReaders + 3
        try LockFile.reserve(for: path, readers: readers)
        while true {
            var handle: OpaquePointer?
            var code = unsafe mdb_env_create(&handle)
            guard code == 0, let handle = unsafe handle else { throw ServiceError(lmdb: code, "cannot open \(path)") }
            unsafe mdb_env_set_mapsize(handle, size)
            unsafe mdb_env_set_maxdbs(handle, 8)
            unsafe mdb_env_set_maxreaders(handle, readers)
            // NOTLS: a read transaction belongs to a ThreadReader, not to the thread that began it.
            // NORDAHEAD: reads are random. Read-ahead would evict useful pages once the file outgrows memory.
            // No WRITEMAP: with a writable map a full disk raises SIGBUS, and a stray pointer damages the file.
            let flags = UInt32(MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD)
            code = unsafe mdb_env_open(handle, path, flags, 0o600)
            if code == 0 { return unsafe handle }
            unsafe mdb_env_close(handle)
            // Under an address space limit a smaller map may work. LMDB itself checks that the file fits.
            guard code == ENOMEM, size > 1 << 26 else { throw ServiceError(lmdb: code, "cannot open \(path)") }
            size /= 2
        }
    }
}

extension LMDBEnvironment {
    /// Opens the index of a locked directory, together with the heap that has this head.
    static func open(
        in directory: DataDirectory, _ head: HeapHead, _ limits: EngineLimits, _ disk: any Disk
    ) throws(ServiceError) -> LMDBEnvironment {
        guard let file = try DatabaseFile.inspect(directory.database) else {
            throw DatabaseFile.damaged(directory.database, "it is missing")
        }
        guard file.pageSize == Int(getpagesize()) else {
            throw DatabaseFile.damaged(
                directory.database,
                "it has pages of \(file.pageSize) bytes, but this machine has pages of \(getpagesize())")
        }
        let environment = try LMDBEnvironment(
            directory.database, in: directory, head, limits, mapSize: max(limits.mapSize, file.usedBytes), disk)
        do throws(ServiceError) {
            let end = try environment.heapEnd()
            let size = try environment.heap.size()
            guard size >= end else {
                throw HeapHead.mismatch(directory.heap, "it has \(size) bytes, and the index needs \(end)")
            }
        } catch {
            environment.close()
            throw error
        }
        return environment
    }

    /// Creates an empty index in a file of its own, for ``DataDirectory/adoptIndex()``.
    static func make(
        in directory: DataDirectory, _ head: HeapHead, _ limits: EngineLimits, _ disk: any Disk
    ) throws(ServiceError) -> LMDBEnvironment {
        let path = directory.unfinished
        unsafe unlink(path)
        unsafe unlink(path + "-lock")
        return try LMDBEnvironment(path, in: directory, head, limits, mapSize: limits.mapSize, disk, isNew: true)
    }

    /// Where the records end.
    private func heapEnd() throws(ServiceError) -> Int {
        try unsafe WriteTransaction.run(handle, path) { transaction throws(ServiceError) in
            try HeapSpace(transaction, space, path).end
        }
    }
}

/// The file next to the index in which LMDB tracks its readers.
enum LockFile {
    /// Reserves disk space for the lock file. LMDB creates it with ftruncate(2) and writes it through a map (mdb.c,
    /// 0.9.24: mdb_env_setup_locks). On a full disk that raises SIGBUS, which ends the process.
    ///
    /// The process must not have the index open: closing any descriptor of a file drops the process's locks on it
    /// (fcntl(2)).
    static func reserve(for database: String, readers: UInt32) throws(ServiceError) {
        let path = database + "-lock"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        // LMDB reports the same problem for the index, whose name people know.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // 64 bytes per reader, and less than 16 times that for the header.
        let code = posix_fallocate(descriptor, 0, off_t(readers + 16) * 64)
        guard [ENOSPC, EDQUOT, EFBIG].contains(code) else { return }
        throw ServiceError(lmdb: code, "cannot open \(database)")
    }
}
