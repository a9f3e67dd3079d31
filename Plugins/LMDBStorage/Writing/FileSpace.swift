internal import CLMDB
internal import Glibc

/// Makes the file grow in large steps, ahead of the transactions: a sync that has to record a new file size as well costs
/// a commit of the file system's journal, about twice the time of one that does not.
///
/// The space is allocated, not written: filling it with zeros first saves still more per sync, but writes everything
/// twice, which is the slower one as soon as the disk's throughput is the limit. It is a help alone: where it fails, the
/// transaction itself finds out whether there is room.
struct FileSpace {
    private static let step = (least: 4 << 20, most: 64 << 20)
    /// What a change that is to come takes at most, as a rule: a page in each list of the index that it is in, and what lies above
    /// them.
    private static let pages = 6

    private let environment: Environment
    private let pageSize: Int
    private var size: Int

    init(_ environment: Environment) {
        self.environment = environment
        var statistics = MDB_stat()
        unsafe mdb_env_stat(environment.handle, &statistics)
        pageSize = Int(statistics.ms_psize)
        var status = stat()
        size = unsafe fstat(environment.descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Expects so many changes, in a transaction that has changed so many pages already. On the committer's thread.
    ///
    /// - Returns: why there may not be room for it: an `errno` or a code of LMDB's, or 0.
    mutating func prepare(for changes: Int, behind pages: Int) -> Int32 {
        var information = unsafe MDB_envinfo()
        guard unsafe mdb_env_info(environment.handle, &information) == 0 else { return 0 }
        let used = unsafe (information.me_last_pgno + 1) * pageSize
        let needed = used + (pages + changes * Self.pages) * pageSize + Self.step.least / 16
        guard unsafe needed <= information.me_mapsize else { return MDB_MAP_FULL }
        if needed <= size { return 0 }
        let step = max(needed - size, min(max(used / 4, Self.step.least), Self.step.most))
        var code = posix_fallocate(environment.descriptor, off_t(size), off_t(step))
        if code == 0 {
            size += step
        } else if code == ENOSPC || code == EFBIG {
            code = posix_fallocate(environment.descriptor, off_t(size), off_t(needed - size))
            if code == 0 { size = needed }
        }
        return code
    }
}
