internal import ArticleProtocol
internal import CLMDB
internal import CLinux
internal import HandlerKit

/// A copy of all records as they are at one moment, while the store is read and written.
///
/// The moment's snapshot is kept until they are copied: what is changed meanwhile takes room in addition, which is used again later.
struct Backup {
    /// What is left free on the disk at least.
    private static let reserve: UInt64 = 64 << 20

    let environment: Environment
    let readers: ThreadReaders
    let limits: EngineLimits
    let target: BackupTarget

    /// Makes it. If it throws, nothing is left of it.
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
        let records = try RecordReader(environment)
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

    /// Before the disk is full, which would be the service's trouble too.
    private func checkRoom(_ reader: ThreadReader) throws(ServiceError) {
        let tables = try [environment.records, environment.index].map { table throws(ServiceError) in
            try reader.statistics(table).usedBytes
        }
        let needed = tables.reduce(UInt64(try reader.space().used), +) + Self.reserve
        let room = try target.room()
        guard room < needed else { return }
        throw ServiceError(
            .resourceExhausted,
            "the disk of \(target.path) has \(room >> 20) MiB left, and a backup needs \(needed >> 20): make room, or name another one"
        )
    }

    /// Whether a service would start on it, with all records. This also makes the files that a start makes.
    private func open(_ records: UInt64) throws(ServiceError) {
        var limits = limits
        limits.scrub = nil
        let engine = try LMDBEngine(limits, directory: target.unfinished)
        let found = try? engine.statistics().records
        engine.stop()
        guard found == records else {
            throw ServiceError(
                .internal, "the backup has not what was written to it: \(found ?? 0) articles of \(records)")
        }
    }
}
