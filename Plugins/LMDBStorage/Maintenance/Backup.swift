// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import CLinux
internal import Glibc
internal import HandlerKit
internal import Synchronization

/// Copies all records as they are at one moment, while the store is in use.
///
/// The snapshot stays pinned until they are copied. Until then, writes take additional space, which is reused later.
struct Backup {
    /// The disk space to leave free.
    private static let reserve: UInt64 = 64 << 20

    let environment: LMDBEnvironment
    let readers: ThreadReaders
    let limits: EngineLimits
    let target: BackupTarget

    /// Makes the backup. If it throws, nothing is left behind.
    func run(_ job: Job<BackupProgress>) throws(ServiceError) -> BackupProgress {
        let lock = try target.begin()
        do throws(ServiceError) {
            let progress = try copy(job, lock)
            try target.finish()
            return progress
        } catch {
            lock.release()
            target.remove()
            throw error
        }
    }

    private func copy(_ job: Job<BackupProgress>, _ lock: DirectoryLock) throws(ServiceError) -> BackupProgress {
        let directory = try DataDirectory(target.unfinished)
        let copy = try StoreCopy(in: directory, limits)
        var progress = BackupProgress(job: job.number, phase: "records")
        var result = BackupResult(directory: target.path, takenAt: clinux_wall_clock_ms())
        var findings = Findings()
        try readers.read { reader throws(ServiceError) in
            try checkRoom(reader)
            try copyRecords(reader, copy, &progress, &findings, job)
        }
        progress.phase = "disk"
        try job.report(progress)
        try copy.finish()
        lock.release()
        try open(copy.count)
        (result.records, result.bytes) = (copy.count, try directory.usedDisk())
        (result.damaged, result.findings) = (findings.count, findings.first)
        result.endedAt = clinux_wall_clock_ms()
        progress.result = result
        return progress
    }

    private func copyRecords(
        _ reader: ThreadReader, _ copy: StoreCopy, _ progress: inout BackupProgress, _ findings: inout Findings,
        _ job: Job<BackupProgress>
    ) throws(ServiceError) {
        let records = try VerifyingReader(environment)
        progress.total = UInt64(try reader.statistics(environment.records).ms_entries)
        func visit(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(ServiceError) {
            progress.done += 1
            guard let id = unsafe ArticleID(bytes: RawSpan(_unsafeBytes: key)) else { return }
            let outcome = try unsafe records.read(id, value) { record, bytes throws(ServiceError) in
                try unsafe copy.add(record, bytes)
                progress.bytes += UInt64(bytes.count)
            }
            guard case .failure(let fault) = outcome else { return }
            findings.add(
                StorageFinding(
                    id: id, file: environment.heap.path,
                    offset: UInt64(clamping: unsafe HeapLocation(value)?.offset ?? 0), problem: fault.problem))
            progress.damaged = findings.count
        }
        let cursor = try reader.cursor(environment.records)
        var isFound = try unsafe cursor.move(.first, visit) != nil
        while isFound {
            try job.report(progress)
            isFound = try unsafe cursor.move(.next, visit) != nil
        }
    }

    /// Refuses before the disk is full, which would affect the service as well.
    private func checkRoom(_ reader: ThreadReader) throws(ServiceError) {
        let tables = try environment.allTables.map { table throws(ServiceError) in
            try reader.statistics(table).usedBytes
        }
        let needed = tables.reduce(UInt64(try reader.space().used), +) + Self.reserve
        let room = try target.room()
        guard room < needed else { return }
        throw ServiceError(
            .resourceExhausted,
            "the disk of \(target.path) has \(room >> 20) MiB left, but a backup needs \(needed >> 20) MiB: free some space, or name another directory"
        )
    }

    /// Checks that the backup can be opened and has all records. This also creates the files that a start creates.
    private func open(_ records: UInt64) throws(ServiceError) {
        var limits = limits
        limits.scrub = nil
        let engine = try LMDBEngine(limits, directory: target.unfinished)
        let found = try? engine.statistics().records
        engine.stop()
        guard found == records else {
            throw ServiceError(
                .internal, "the backup is incomplete: it has \(found ?? 0) of \(records) articles")
        }
    }
}

/// When the last complete backup ended. It is kept in a file next to the index, so that a restart does not forget it.
///
/// The file is a line of text: milliseconds since 1970. A file that cannot be read is treated as missing.
final class LastBackup: Sendable {
    private let path: String
    private let time: Atomic<Int64>

    init(_ directory: DataDirectory) {
        path = directory.database + "-backup"
        let line = (try? FilePart.read(path, 24, at: 0)).map { String(decoding: $0, as: UTF8.self) }
        time = Atomic(line?.split(whereSeparator: \.isWhitespace).first.flatMap { Int64($0) } ?? 0)
    }

    /// Milliseconds since 1970; 0: there was none.
    var endedAt: Int64 { time.load(ordering: .relaxed) }

    func note(_ endedAt: Int64, _ log: PluginLog) {
        time.store(endedAt, ordering: .relaxed)
        do throws(ServiceError) {
            let file = try SystemFile(path)
            file.shrink(to: 0)
            try file.write(Array("\(endedAt)\n".utf8), at: 0)
        } catch {
            log.warning(error.message)
        }
    }
}

/// The directory of a backup. It is built next to its final name and renamed when it is complete and on disk. So a
/// directory with the final name is always a complete backup.
struct BackupTarget {
    let path: String
    /// The directory under construction. One that is left over comes from a process that died.
    let unfinished: String
    private let parent: String

    /// Throws `invalidArgument` unless the path is absolute.
    init(_ path: String) throws(ServiceError) {
        guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0) else {
            throw ServiceError(.invalidArgument, "directory: must be an absolute path, not \"\(path)\"")
        }
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard let name = parts.last, !parts.contains("..") else {
            throw ServiceError(
                .invalidArgument, "directory: must be the path of a new directory, without \"..\", not \"\(path)\"")
        }
        parent = "/" + parts.dropLast().joined(separator: "/")
        let prefix = parent == "/" ? "/" : parent + "/"
        self.path = prefix + name
        unfinished = prefix + "." + name + ".unfinished"
    }

    /// The default directory: below the storage's own, named after the time.
    init(at milliseconds: Int64, below directory: DataDirectory) throws(ServiceError) {
        let backups = directory.path + "/backups"
        guard unsafe mkdir(backups, 0o700) == 0 || errno == EEXIST else { throw .system("cannot create \(backups)") }
        var seconds = time_t(milliseconds / 1000)
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        unsafe try self.init(
            "\(backups)/\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T\(two(parts.tm_hour))-\(two(parts.tm_min))-\(two(parts.tm_sec))Z"
        )
    }

    /// Creates the unfinished directory, for the service's user only, and removes the leftovers of an earlier
    /// attempt.
    ///
    /// - Returns: the lock on it.
    func begin() throws(ServiceError) -> DirectoryLock {
        guard try Self.isEmptyOrAbsent(path) else {
            throw ServiceError(.failedPrecondition, "\(path) is not empty: name a new directory")
        }
        if unsafe mkdir(unfinished, 0o700) != 0 {
            guard errno == EEXIST else { throw refused(errno) }
            // A directory that is still being written is locked, and not removed.
            try DirectoryLock(unfinished).release()
            remove()
            guard unsafe mkdir(unfinished, 0o700) == 0 else { throw refused(errno) }
        }
        return try DirectoryLock(unfinished)
    }

    /// Free bytes on that file system.
    func room() throws(ServiceError) -> UInt64 {
        var information = statvfs()
        guard unsafe statvfs(parent, &information) == 0 else { throw refused(errno) }
        return information.bytes(\.f_bavail)
    }

    /// Renames it to its final name. Everything in it is on disk.
    func finish() throws(ServiceError) {
        guard unsafe rename(unfinished, path) == 0 else { throw refused(errno) }
        let descriptor = unsafe open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot read \(parent)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("cannot sync \(parent)") }
    }

    /// Removes the unfinished directory, which contains only files.
    func remove() {
        for name in Self.names(in: unfinished) ?? [] { unsafe unlink(unfinished + "/" + name) }
        unsafe rmdir(unfinished)
    }

    private func refused(_ code: Int32) -> ServiceError {
        let reason = unsafe String(cString: strerror(code))
        switch code {
        case EROFS, EACCES, EPERM:
            return ServiceError(
                .failedPrecondition,
                "the service cannot write to \(parent): \(reason). Name no directory, to back up below the service's own; or let the service write there: add ReadWritePaths=\(parent) to a drop-in (systemctl edit articled), and make its user the owner of the directory"
            )
        case ENOENT, ENOTDIR:
            return ServiceError(.failedPrecondition, "the service sees no directory \(parent): make it")
        default: return ServiceError(lmdb: code, "cannot create \(path)")
        }
    }

    private static func isEmptyOrAbsent(_ path: String) throws(ServiceError) -> Bool {
        if let names = names(in: path) { return names.isEmpty }
        guard errno == ENOENT else { throw .system("cannot read \(path)") }
        return true
    }

    /// The names in a directory; `nil`, with `errno` set, if it cannot be read.
    private static func names(in path: String) -> [String]? {
        guard let stream = unsafe opendir(path) else { return nil }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
