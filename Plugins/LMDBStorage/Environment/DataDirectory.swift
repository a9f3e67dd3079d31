internal import ArticleProtocol
internal import Glibc

/// Where the files lie.
struct DataDirectory {
    let path: String

    /// The tables: which records there are, where they lie, and the indexes.
    var database: String { path + "/articles.mdb" }
    /// The records.
    var heap: String { path + "/articles.mdb-records" }
    /// The two files of the redo log.
    func log(_ index: Int) -> String { path + "/articles.mdb-redo\(index)" }
    /// The checksums of the index's pages.
    var sums: String { path + "/articles.mdb-sums" }
    /// Which group of the log is known to be on disk.
    var durable: String { path + "/articles.mdb-durable" }
    /// An index that is being made; left behind only by a process that died meanwhile.
    var unfinished: String { path + "/articles.mdb.new" }
    /// An index that another one took the place of.
    var unused: String { path + "/articles.mdb.unused" }

    /// Finds the directory, or makes it and those above it for the service's user alone.
    init(_ path: String) throws(ServiceError) {
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw ServiceError(
                .failedPrecondition,
                "the storage's directory must be an absolute path, and is \"\(path)\"; set `directory`")
        }
        self.path = path
        var status = stat()
        if unsafe stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw ServiceError(.failedPrecondition, "\(path) is not a directory; name another one")
            }
            return
        }
        var parent = ""
        for component in path.split(separator: "/") {
            let above = parent.isEmpty ? "/" : parent
            parent += "/" + component
            if unsafe mkdir(parent, 0o700) == 0 {
                // A directory whose name is not on disk is gone with all that is in it when power is lost.
                try Self.sync(above)
            } else if errno != EEXIST {
                throw .system("cannot make the directory \(parent)")
            }
        }
    }

    /// How many bytes of the disk all of them take.
    func usedDisk() throws(ServiceError) -> UInt64 {
        var blocks: UInt64 = 0
        for path in [database, heap, sums, log(0), log(1)] {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { throw .system("cannot read \(path)") }
            blocks += UInt64(status.st_blocks)
        }
        return blocks * 512
    }

    /// Brings names that were added or changed to disk.
    func sync() throws(ServiceError) { try Self.sync(path) }

    private static func sync(_ path: String) throws(ServiceError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot read \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("cannot sync \(path)") }
    }
}
