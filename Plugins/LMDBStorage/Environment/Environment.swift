internal import ArticleProtocol
internal import CLMDB
internal import Glibc
internal import Synchronization

/// An open LMDB file with articled's tables, and the heap with the records beside it.
///
/// Sendable although it is made of a pointer: LMDB's environment may be used by all threads; transactions are ruled by
/// ``WriteTransaction`` (the committer's thread alone) and ``ThreadReader`` (one thread each).
@safe
final class Environment: @unchecked Sendable {
    /// LMDB's own handle.
    let handle: OpaquePointer
    /// Of the database file.
    let path: String
    /// LMDB's descriptor of the file, for what LMDB has no function for.
    let descriptor: Int32
    /// id -> ``HeapLocation``, or the record itself if a former articled wrote it.
    let records: MDB_dbi
    /// ``IndexEntry`` -> nothing.
    let index: MDB_dbi
    /// Of ``HeapSpace``.
    let space: MDB_dbi
    /// Where the records lie.
    let heap: HeapFile
    /// What keeps others from guessing which keys and terms share a hash; made with the file.
    let hash: KeyedHash
    /// The memory of the LMDB file.
    let map: FileMap
    /// In bytes.
    let pageSize = Int(getpagesize())
    /// Which records were changed when.
    let changes = ChangeStamps()
    /// What is not committed yet.
    let recent = RecentChanges()
    private let lastCommit = Atomic<UInt64>(0)

    /// Opens what is at `path`, which is known to be sound, or an empty file that is to be filled.
    init(_ path: String, in directory: DataDirectory, mapSize: Int, maxReaders: UInt32) throws(ServiceError) {
        let handle = try unsafe Self.open(path, mapSize: mapSize, maxReaders: maxReaders)
        do throws(ServiceError) {
            var dead: Int32 = 0
            unsafe mdb_reader_check(handle, &dead)
            var descriptor: Int32 = -1
            unsafe mdb_env_get_fd(handle, &descriptor)
            let tables = try unsafe Tables(handle, path, directory)
            (records, index, space, hash) = (tables.records, tables.index, tables.space, tables.hash)
            map = try unsafe FileMap(handle, descriptor, path)
            heap = try HeapFile(directory.heap, hash, end: tables.heapEnd, capacity: mapSize)
            self.descriptor = descriptor
        } catch {
            unsafe mdb_env_close(handle)
            throw error
        }
        unsafe self.handle = handle
        self.path = path
    }

    /// From now on a commit does not wait for the disk: what it changes is in the log.
    ///
    /// Before, it does: what is not in the log, such as a new format, has nothing else to save it.
    func leaveSyncingToLog() throws(ServiceError) {
        let code = unsafe mdb_env_set_flags(handle, UInt32(MDB_NOSYNC), 1)
        guard code == 0 else { throw ServiceError(lmdb: code, "cannot open \(path)") }
    }

    /// The number of the last transaction that was committed: what is read in its snapshot is up to date.
    var newest: UInt64 { lastCommit.load(ordering: .acquiring) }

    /// A transaction was committed, or the file opened. Before anybody is told of it.
    func noteCommit() {
        var information = unsafe MDB_envinfo()
        unsafe mdb_env_info(handle, &information)
        lastCommit.store(unsafe UInt64(information.me_last_txnid), ordering: .releasing)
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
        if value.count > HeapLocation.size { return unsafe value }
        return unsafe HeapLocation(value).flatMap { unsafe heap.bytes($0) }
    }

    /// Whether all of some memory of the records' can be read.
    func allows(_ bytes: UnsafeRawBufferPointer) -> Bool {
        heap.contains(UInt(bitPattern: bytes.baseAddress)) ? unsafe heap.allows(bytes) : unsafe map.allows(bytes)
    }

    /// Brings all that was committed to disk: the records before the tables that say where they lie.
    func sync(_ disk: any Disk) throws(ServiceError) {
        try syncHeap(disk)
        let code = disk.sync(database: descriptor)
        guard code == 0 else { throw ServiceError(lmdb: code, "cannot bring \(path) to disk") }
    }

    /// Brings the records to disk.
    func syncHeap(_ disk: any Disk) throws(ServiceError) {
        let code = disk.sync(heap: heap.descriptor)
        guard code == 0 else { throw ServiceError(lmdb: code, "cannot bring \(heap.path) to disk") }
    }

    /// No transaction may be under way.
    func close() {
        heap.close()
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
