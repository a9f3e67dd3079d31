internal import ArticleProtocol
internal import Glibc
internal import Synchronization

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

extension DataDirectory {
    /// Gives a new index, which is closed and on disk, the name of the index. One that is there is kept under another name: it may be
    /// something else that was put there.
    func adoptIndex() throws(ServiceError) {
        unsafe unlink(unfinished + "-lock")
        unsafe unlink(database + "-lock")
        if FilePart.exists(database) {
            guard unsafe rename(database, unused) == 0 else { throw .system("cannot rename \(database)") }
        }
        guard unsafe rename(unfinished, database) == 0 else { throw .system("cannot make \(database)") }
        try sync()
    }
}

/// Sole use of a directory, until it is released: LMDB itself would let a second process write as well.
///
/// The directory itself is locked: a file in it may be deleted, and made anew by somebody else. The file `lock` tells people who has
/// it. The lock goes with its process, however that ends (flock(2)).
final class DirectoryLock: Sendable {
    private let descriptor: Int32
    private let file: Int32
    private let isReleased = Atomic(false)

    /// Throws `failedPrecondition`, with the number of the process that has it.
    init(_ directory: String) throws(ServiceError) {
        let path = directory + "/lock"
        descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot read \(directory)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else { throw ServiceError(lmdb: code, "cannot lock \(directory)") }
            let owner = Self.owner(path)
            throw ServiceError(
                .failedPrecondition,
                "\(directory) is in use by process \(owner): stop it, or name another directory")
        }
        // An earlier articled locks the file: it is kept out as long as the file is there.
        file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let error = ServiceError.system("cannot write \(path)")
            close(descriptor)
            throw error
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            close(descriptor)
            throw ServiceError(
                .failedPrecondition,
                "\(directory) is in use by process \(Self.owner(path)): stop it, or name another directory")
        }
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(file, 0)
        _ = unsafe pwrite(file, text, text.count, 0)
    }

    deinit { release() }

    /// Lets others in.
    func release() {
        if isReleased.exchange(true, ordering: .relaxed) { return }
        // A process that is just being started has the descriptor too, for a moment: to close it would not be enough.
        for each in [file, descriptor] {
            flock(each, LOCK_UN)
            close(each)
        }
    }

    /// What the owner wrote down; for people, so that anything unreadable is "unknown".
    private static func owner(_ path: String) -> String {
        let bytes = (try? FilePart.read(path, 16, at: 0)) ?? []
        let digits = bytes.prefix { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") }
        return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
    }
}
