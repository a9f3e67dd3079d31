internal import ArticleProtocol
internal import Glibc

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
