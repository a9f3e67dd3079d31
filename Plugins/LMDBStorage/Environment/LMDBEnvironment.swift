internal import ArticleProtocol
internal import CLMDB
internal import Glibc
internal import Synchronization

/// An open LMDB file with articled's tables, and the heap with the records beside it.
///
/// Sendable although it is made of a pointer: LMDB's environment may be used by all threads; transactions are ruled by
/// ``WriteTransaction`` (the committer's thread alone) and ``ThreadReader`` (one thread each).
@safe
final class LMDBEnvironment: @unchecked Sendable {
    /// LMDB's own handle.
    let handle: OpaquePointer
    /// Of the database file.
    let path: String
    /// LMDB's descriptor of the file, for what LMDB has no function for.
    let descriptor: Int32
    /// id -> ``HeapLocation``.
    let records: MDB_dbi
    /// ``IndexEntry`` -> nothing.
    let index: MDB_dbi
    /// Of ``HeapSpace``.
    let space: MDB_dbi
    /// Where the records lie.
    let heap: HeapFile
    /// What keeps others from guessing which keys and terms share a hash; made with the heap.
    let hash: KeyedHash
    /// The LMDB file and the heap, opened once more for the thread that brings a checkpoint to disk.
    let files: Files
    /// Why the index cannot be believed any more.
    let damage = IndexDamage()
    /// The memory of the LMDB file.
    let map: FileMap
    /// In bytes.
    let pageSize = Int(getpagesize())
    /// Which records were changed when.
    let writeStamps = WriteStamps()
    /// What is not committed yet.
    let recent = RecentWrites()
    private let lastCommit = Atomic<UInt64>(0)

    /// What a thread that syncs has for itself (``Disk/open(_:)``).
    struct Files: Sendable {
        let database: any DiskFile
        let heap: any DiskFile

        init(_ database: String, _ heap: String, _ disk: any Disk) throws(ServiceError) {
            self.database = try disk.open(database)
            self.heap = try disk.open(heap)
        }

        /// Brings all that was committed to disk: the records before the tables that say where they lie.
        func sync() throws(ServiceError) {
            try heap.sync()
            try database.sync()
        }
    }

    /// Opens what is at `path`, which is known to be sound, or an empty file that is to be filled.
    ///
    /// - Parameter head: what the heap begins with.
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

    /// From now on a commit does not wait for the disk: what it changes is in the log, or can be made anew.
    func disableSync() throws(ServiceError) {
        let code = unsafe mdb_env_set_flags(handle, UInt32(MDB_NOSYNC), 1)
        guard code == 0 else { throw ServiceError(lmdb: code, "cannot open \(path)") }
    }

    /// The number of the last transaction that was committed: what is read in its snapshot is up to date.
    var newest: UInt64 { lastCommit.load(ordering: .acquiring) }

    /// A transaction was committed, or the file opened. Before anybody is told of it.
    func publishCommit() {
        var information = unsafe MDB_envinfo()
        unsafe mdb_env_info(handle, &information)
        lastCommit.store(unsafe UInt64(information.me_last_txnid), ordering: .releasing)
    }

    /// Throws if a file has no name any more: what is written to it is gone when the process ends. Any thread.
    ///
    /// - Parameter log: the file of the log that is being written.
    func checkLinks(_ log: (any DiskFile)?) throws(ServiceError) {
        for file in [log, files.heap, files.database] {
            guard let file, !file.isLinked else { continue }
            throw ServiceError(.unavailable, "\(file.path) was removed while the service runs")
        }
    }

    /// What the heap has in the newest version. No transaction may be under way.
    func heapContents() throws(ServiceError) -> HeapHead.Contents {
        try unsafe WriteTransaction.run(handle, path) { transaction throws(ServiceError) in
            let space = try HeapSpace(transaction, space, path)
            return HeapHead.Contents(
                records: UInt64(clamping: try transaction.count(records)), end: space.end, sequence: space.sequence)
        }
    }

    /// How long the LMDB file is; 0 if it cannot be told.
    var fileSize: Int {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// The record that a value in the table of records stands for, unread and unchecked; `nil` if there can be none.
    @inline(__always)
    func record(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        // Sizes first: nothing is read before it is known to lie in the file.
        guard unsafe map.allows(value) else { return nil }
        return unsafe HeapLocation(value).flatMap { unsafe heap.bytes($0) }
    }

    /// Whether all of some memory of the records' can be read.
    func allows(_ bytes: UnsafeRawBufferPointer) -> Bool {
        heap.contains(UInt(bitPattern: bytes.baseAddress)) ? unsafe heap.allows(bytes) : unsafe map.allows(bytes)
    }

    /// No transaction may be under way.
    func close() {
        heap.close()
        files.database.close()
        files.heap.close()
        unsafe mdb_env_close(handle)
    }

    private static func open(_ path: String, mapSize: Int, maxReaders: UInt32) throws(ServiceError) -> OpaquePointer {
        var size = mapSize
        // And those that pin the versions of two checkpoints, and of a recovery.
        let readers = maxReaders + 3
        try LockFile.reserve(for: path, readers: readers)
        while true {
            var handle: OpaquePointer?
            var code = unsafe mdb_env_create(&handle)
            guard code == 0, let handle = unsafe handle else { throw ServiceError(lmdb: code, "cannot open \(path)") }
            unsafe mdb_env_set_mapsize(handle, size)
            unsafe mdb_env_set_maxdbs(handle, 8)
            unsafe mdb_env_set_maxreaders(handle, readers)
            // NOTLS: a read transaction belongs to a ThreadReader, and not to whichever thread began it.
            // NORDAHEAD: reads are random; reading ahead would push out what is in use once the file outgrows memory.
            // No WRITEMAP: through a writable map a full disk is SIGBUS, and a stray pointer damages the file.
            let flags = UInt32(MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD)
            code = unsafe mdb_env_open(handle, path, flags, 0o600)
            if code == 0 { return unsafe handle }
            unsafe mdb_env_close(handle)
            // Under an address space limit a smaller map may do; LMDB itself sees that the file fits into it.
            guard code == ENOMEM, size > 1 << 26 else { throw ServiceError(lmdb: code, "cannot open \(path)") }
            size /= 2
        }
    }
}

extension LMDBEnvironment {
    /// Opens the index of a directory, which is locked, beside the heap with this head.
    static func open(
        in directory: DataDirectory, _ head: HeapHead, _ limits: EngineLimits, _ disk: any Disk
    ) throws(ServiceError) -> LMDBEnvironment {
        guard let file = try DatabaseFile.inspect(directory.database) else {
            throw DatabaseFile.damaged(directory.database, "it is missing")
        }
        guard file.pageSize == Int(getpagesize()) else {
            throw DatabaseFile.damaged(
                directory.database, "it has pages of \(file.pageSize) bytes, this machine of \(getpagesize())")
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

    /// Makes an empty index in a file of its own, for ``put(inPlaceOf:)``.
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

/// The file beside the database in which LMDB keeps its readers.
enum LockFile {
    /// Makes room for it on the disk. LMDB makes it by ftruncate(2) and writes it through a map (mdb.c, 0.9.24:
    /// mdb_env_setup_locks), where a disk that is full is SIGBUS and the end of the process.
    ///
    /// Nobody of this process has the database open: closing a file gives up the process's locks on it (fcntl(2)).
    static func reserve(for database: String, readers: UInt32) throws(ServiceError) {
        let path = database + "-lock"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        // What keeps it from being written LMDB says of the database too, which is what people know.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // 64 bytes a reader, and less than 16 of that for what stands before them.
        let code = posix_fallocate(descriptor, 0, off_t(readers + 16) * 64)
        guard [ENOSPC, EDQUOT, EFBIG].contains(code) else { return }
        throw ServiceError(lmdb: code, "cannot open \(database)")
    }
}
