// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import Glibc
internal import LinuxRuntime

extension ServiceError {
    /// An error of LMDB or the system, as a status that says what to do.
    ///
    /// - Parameter doing: what failed, with the path: "cannot write /var/lib/articled/articles.mdb".
    init(lmdb code: Int32, _ doing: String) {
        let reason = unsafe String(cString: mdb_strerror(code))
        let (status, advice): (StatusCode, String) =
            switch code {
            case ENOSPC, EDQUOT: (.resourceExhausted, "free some disk space, or delete articles")
            case EFBIG: (.resourceExhausted, "raise the file size limit (LimitFSIZE)")
            case MDB_MAP_FULL: (.resourceExhausted, "raise mapSize in the storage's configuration and restart")
            case ENOMEM: (.resourceExhausted, "free memory or raise the address space limit (LimitAS)")
            case MDB_READERS_FULL: (.resourceExhausted, "raise maxReaders in the storage's configuration and restart")
            case MDB_BAD_VALSIZE: (.resourceExhausted, "the article is too large")
            case EACCES, EPERM: (.failedPrecondition, "give the service's user the right to read and write there")
            case EROFS: (.failedPrecondition, "mount it writable")
            case ENOTDIR, EISDIR, ENOENT: (.failedPrecondition, "check the path")
            case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID:
                (.dataLoss, "the file is damaged: keep a copy of it, and restore a backup. Nothing was changed")
            case MDB_VERSION_MISMATCH, MDB_INCOMPATIBLE:
                (.failedPrecondition, "it was made by another version or program: name another directory")
            case MDB_PANIC:
                (.unavailable, "an earlier write failed permanently: see the journal, then restart the service")
            case EIO: (.unavailable, "the disk reports an error: see the kernel's journal")
            default: (.internal, "see the journal")
            }
        self.init(status, "\(doing): \(reason); \(advice)")
    }

    /// The error of the last system call.
    static func system(_ doing: String) -> ServiceError { ServiceError(lmdb: errno, doing) }
}

extension Thread {
    /// The engine's own threads: a commit blocks for as long as the disk takes, which no thread of Swift's pool may.
    ///
    /// Throws a `ServiceError`, as all of the engine does.
    init(starting name: String, _ body: @escaping @Sendable () -> Void) throws(ServiceError) {
        do throws(SystemError) {
            try self.init(name, body)
        } catch {
            throw ServiceError(lmdb: error.code, "cannot start a thread")
        }
    }
}
