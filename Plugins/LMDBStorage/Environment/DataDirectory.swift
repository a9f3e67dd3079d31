// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Glibc
internal import Synchronization

/// The directory with the storage's files, and their names.
struct DataDirectory {
    let path: String

    /// The LMDB file: the table of records, the index, and the table of free space.
    var database: String { path + "/articles.mdb" }
    /// The heap, which holds the records.
    var heap: String { path + "/articles.mdb-records" }
    /// The two files of the redo log.
    func log(_ index: Int) -> String { path + "/articles.mdb-redo\(index)" }
    /// The checksums of the LMDB file's pages.
    var sums: String { path + "/articles.mdb-sums" }
    /// The number of the last group known to be on disk.
    var durable: String { path + "/articles.mdb-durable" }
    /// An index under construction. One that is left over comes from a process that died.
    var unfinished: String { path + "/articles.mdb.new" }
    /// An index that was replaced.
    var unused: String { path + "/articles.mdb.unused" }

    /// Uses the directory, or creates it and its parents with access for the service's user only.
    init(_ path: String) throws(ServiceError) {
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw ServiceError(
                .failedPrecondition,
                "the storage's directory must be an absolute path, not \"\(path)\": set `directory`")
        }
        self.path = path
        var status = stat()
        if unsafe stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw ServiceError(.failedPrecondition, "\(path) is not a directory: name another one")
            }
            return
        }
        var parent = ""
        for component in path.split(separator: "/") {
            let above = parent.isEmpty ? "/" : parent
            parent += "/" + component
            if unsafe mkdir(parent, 0o700) == 0 {
                // A directory whose name is not on disk is lost, with all its files, when power fails.
                try Self.sync(above)
            } else if errno != EEXIST {
                throw .system("cannot create the directory \(parent)")
            }
        }
    }

    /// Disk space that the files occupy, in bytes.
    func usedDisk() throws(ServiceError) -> UInt64 {
        var blocks: UInt64 = 0
        for path in [database, heap, sums, log(0), log(1)] {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { throw .system("cannot read \(path)") }
            blocks += UInt64(status.st_blocks)
        }
        return blocks * 512
    }

    /// Makes created and renamed file names durable.
    func sync() throws(ServiceError) { try Self.sync(path) }

    private static func sync(_ path: String) throws(ServiceError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot read \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("cannot sync \(path)") }
    }
}

extension DataDirectory {
    /// Renames a finished index, closed and on disk, to the index. A file that already has the name is kept under
    /// another one: it may be something that someone else put there.
    func adoptIndex() throws(ServiceError) {
        unsafe unlink(unfinished + "-lock")
        unsafe unlink(database + "-lock")
        if FilePart.exists(database) {
            guard unsafe rename(database, unused) == 0 else { throw .system("cannot rename \(database)") }
        }
        guard unsafe rename(unfinished, database) == 0 else { throw .system("cannot create \(database)") }
        try sync()
    }
}

/// Exclusive use of a directory, until it is released: LMDB itself would allow a second writing process.
///
/// The lock is on the directory itself, because a file in it could be deleted and created again. The file `lock`
/// tells people which process holds it. The kernel drops the lock when the process ends, for whatever reason
/// (flock(2)).
final class DirectoryLock: Sendable {
    private let descriptor: Int32
    private let file: Int32
    private let isReleased = Atomic(false)

    /// Throws `failedPrecondition` with the id of the process that holds the lock.
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
        // Earlier versions of articled lock the file. Locking it too keeps them out while the file exists.
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

    /// Releases the lock.
    func release() {
        if isReleased.exchange(true, ordering: .relaxed) { return }
        // A child process that is just being started holds the descriptors too for a moment, so closing them would
        // not be enough.
        for each in [file, descriptor] {
            flock(each, LOCK_UN)
            close(each)
        }
    }

    /// The process id in the file. It is information for people only, so anything unreadable becomes "unknown".
    private static func owner(_ path: String) -> String {
        let bytes = (try? FilePart.read(path, 16, at: 0)) ?? []
        let digits = bytes.prefix { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") }
        return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
    }
}
