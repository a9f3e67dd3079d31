// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import Glibc
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Verifications and backups, which calls start and watch, and the scrub.
///
/// Each runs on a thread of its own, and reads like any other reader.
final class Maintenance: Sendable {
    fileprivate struct Work<Progress: Sendable> {
        let job: Job<Progress>
        let thread: Thread
        /// Where the backup goes.
        var target = ""
    }

    fileprivate struct State {
        /// The number of the last job. It starts with the time, so that numbers of an earlier process are not reused.
        var jobs = UInt64(clamping: clinux_wall_clock_ms())
        var verification: Work<VerifyProgress>?
        var backup: Work<BackupProgress>?
        var scrub: (Scrub, thread: Thread)?
        var isClosed = false
    }

    private let directory: DataDirectory
    private let limits: EngineLimits
    private let environment: LMDBEnvironment
    private let readers: ThreadReaders
    private let pages: PageCheck
    private let log: PluginLog
    /// When this returns, everything acknowledged is in the tables.
    private let commitPending: @Sendable () -> Void
    private let lastCheck: LastCheck
    let lastBackup: LastBackup
    private let state = Mutex(State())

    init(
        _ directory: DataDirectory, _ limits: EngineLimits, _ environment: LMDBEnvironment, _ readers: ThreadReaders,
        _ pages: PageCheck, _ lastCheck: LastCheck, _ log: PluginLog, commitPending: @escaping @Sendable () -> Void
    ) {
        self.directory = directory
        self.limits = limits
        self.environment = environment
        self.readers = readers
        self.pages = pages
        self.lastCheck = lastCheck
        lastBackup = LastBackup(directory)
        self.log = log
        self.commitPending = commitPending
        startScrub()
    }

    /// A start does not fail because of this: without the scrub, the store works as before.
    private func startScrub() {
        guard let interval = limits.scrub else { return }
        let scrub = Scrub(environment, readers, pages, lastCheck, log, interval: interval)
        do throws(ServiceError) {
            let thread = try Thread(starting: "scrub") { scrub.run() }
            state.withLock { $0.scrub = (scrub, thread) }
        } catch {
            log.warning("the periodic check of everything stored is disabled: \(error.message)")
        }
    }

    // MARK: Verifications

    /// The verification that a request refers to.
    func verification(_ request: VerifyRequest) throws(ServiceError) -> Job<VerifyProgress> {
        try state.withLock { state throws(ServiceError) in
            if let job = state.verification?.job {
                if job.number == request.job { return job }
                if request.job == 0, try job.isJoinable() { return job }
            }
            try state.checkStart(request.job)
            let number = state.nextNumber()
            let job = Job(number, VerifyProgress(job: number, phase: "records"))
            let thread = try Thread(starting: "verify") { self.verify(job) }
            // It has ended, or is about to.
            state.verification?.thread.join()
            state.verification = Work(job: job, thread: thread)
            return job
        }
    }

    private func verify(_ job: Job<VerifyProgress>) {
        Self.yieldToRequests()
        let started = clinux_wall_clock_ms()
        commitPending()
        do throws(ServiceError) {
            let inspection = try Inspection(environment, readers, pages, stop: job.checkStop) {
                inspection, _ throws(ServiceError) in
                try job.report(VerifyProgress(job.number, inspection))
            }
            try lastCheck.run(inspection, log)
            var progress = VerifyProgress(job.number, inspection)
            progress.result = VerifyResult(
                records: inspection.records, bytes: inspection.bytes, indexEntries: inspection.indexEntries,
                damaged: inspection.findings.count, findings: inspection.findings.first, startedAt: started,
                endedAt: clinux_wall_clock_ms())
            job.end(.success(progress))
        } catch {
            log.notice("a verification was aborted: \(error.message)")
            job.end(.failure(error))
        }
    }

    // MARK: Backups

    /// The backup that a request refers to.
    func backup(_ request: BackupRequest) throws(ServiceError) -> Job<BackupProgress> {
        try state.withLock { state throws(ServiceError) in
            if let work = state.backup {
                let isMeant = request.job == 0 ? work.target == request.directory : work.job.number == request.job
                if isMeant, request.job != 0 { return work.job }
                if isMeant, try work.job.isJoinable() { return work.job }
                if request.job == 0, try work.job.isJoinable() {
                    let other = work.target.isEmpty ? "the service's own directory" : work.target
                    throw ServiceError(.failedPrecondition, "a backup to \(other) is running: wait until it ends")
                }
            }
            try state.checkStart(request.job)
            if !request.directory.isEmpty { _ = try BackupTarget(request.directory) }
            let number = state.nextNumber()
            let job = Job(number, BackupProgress(job: number, phase: "records"))
            let thread = try Thread(starting: "backup") { self.backUp(request.directory, job) }
            state.backup?.thread.join()
            state.backup = Work(job: job, thread: thread, target: request.directory)
            return job
        }
    }

    private func backUp(_ path: String, _ job: Job<BackupProgress>) {
        Self.yieldToRequests()
        commitPending()
        do throws(ServiceError) {
            let target =
                path.isEmpty
                ? try BackupTarget(at: clinux_wall_clock_ms(), below: directory) : try BackupTarget(path)
            let backup = Backup(environment: environment, readers: readers, limits: limits, target: target)
            let progress = try backup.run(job)
            if let result = progress.result {
                report(result)
                if result.damaged == 0 { lastBackup.note(result.endedAt, log) }
            }
            job.end(.success(progress))
        } catch {
            log.warning("a backup failed: \(error.message)")
            job.end(.failure(error))
        }
    }

    private func report(_ result: BackupResult) {
        for finding in result.findings.prefix(Findings.maxLogged) { log.error(finding.text) }
        let missing = result.damaged == 0 ? "" : ", and \(result.damaged) are damaged and missing from it"
        log.notice("\(result.directory) is a backup of \(result.records) articles\(missing)")
    }

    /// Lowers the priority of this thread, where the system permits: on Linux, niceness applies to a single thread,
    /// and to its disk access.
    static func yieldToRequests() { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }

    // MARK: The end

    /// Ends all jobs soon: the service is stopping, and does not wait for them.
    func drain() {
        let reason = ServiceError(.unavailable, "the service is stopping: retry when it is back")
        state.withLock { state in
            state.isClosed = true
            state.verification?.job.stop(reason)
            state.backup?.job.stop(reason)
            state.scrub?.0.close()
        }
    }

    /// When this returns, no job reads the store any more.
    func close() {
        drain()
        let threads = state.withLock { state in
            defer { (state.verification, state.backup, state.scrub) = (nil, nil, nil) }
            return [state.verification?.thread, state.backup?.thread, state.scrub?.thread]
        }
        for thread in threads { thread?.join() }
    }
}

extension Maintenance.State {
    /// Throws if no job can start.
    fileprivate func checkStart(_ job: UInt64) throws(ServiceError) {
        guard job == 0 else {
            throw ServiceError(.notFound, "there is no job \(job) any more: start one without a number")
        }
        if isClosed { throw ServiceError(.unavailable, "the storage is closing: reconnect and retry") }
    }

    fileprivate mutating func nextNumber() -> UInt64 {
        jobs += 1
        return jobs
    }
}

extension VerifyProgress {
    init(_ job: UInt64, _ inspection: Inspection) {
        self.init(
            job: job, phase: inspection.phase, done: inspection.done, total: max(inspection.total, inspection.done),
            records: inspection.records, damaged: inspection.findings.count)
    }
}
