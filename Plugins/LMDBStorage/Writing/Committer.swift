// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import Glibc
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Group commit: takes all pending writes, applies them, writes them to the log, and continues with the next group
/// while ``LogSync`` answers the writers (and, for a large group, syncs the log first). Several groups share a
/// transaction (``SharedTransaction``), until no writes come, a reader needs the tables complete, or a checkpoint
/// begins.
final class Committer: Sendable {
    /// What the statistics and the health report about writing.
    struct Progress {
        var transactions: UInt64 = 0
        var writes: UInt64 = 0
        /// The error of the last transaction; `nil` if it succeeded.
        var trouble: ServiceError?
    }

    /// The open transaction is committed after this long without writes, in nanoseconds.
    private static let commitDelay = 10_000_000
    private let queue: WriteQueue
    private let environment: LMDBEnvironment
    private let log: PluginLog
    private let sync: LogSync
    private let failure: LogFailure
    private let heapOnlyBytes: Int
    private let state = Mutex(Progress())
    private let readerActivity = ReaderActivity()

    init(
        _ queue: WriteQueue, _ environment: LMDBEnvironment, _ sync: LogSync, _ failure: LogFailure,
        _ limits: EngineLimits, _ log: PluginLog
    ) {
        self.queue = queue
        self.environment = environment
        self.sync = sync
        self.failure = failure
        heapOnlyBytes = limits.heapOnlyBytes
        self.log = log
    }

    var progress: Progress {
        var progress = state.withLock { $0 }
        progress.trouble = failure.current ?? progress.trouble
        return progress
    }

    /// A reader needs the tables complete. It does not wait, but the fewer uncommitted writes there are, the less it
    /// has to do.
    func noteReader() {
        readerActivity.note()
        if environment.recent.transaction != 0 { queue.nudge() }
    }

    /// When this returns, everything acknowledged before is in the tables, unless the disk has failed. Blocks.
    func commitPending() {
        let open = environment.recent.transaction
        while open != 0, environment.recent.transaction == open, failure.current == nil {
            noteReader()
            usleep(500)
        }
    }

    /// Commits until the queue is closed and drained. On the committer's own thread.
    func run(_ scheduler: CheckpointScheduler) {
        var scheduler = scheduler
        var space = FileSpace(environment)
        let shared = SharedTransaction(environment)
        while true {
            var writes = next(shared, &scheduler)
            if writes.isEmpty { break }
            write(&writes, &space, shared, &scheduler)
            if shared.isFull || environment.horizon.isWatched && shared.isOld { commit(shared, scheduler.log) }
            scheduler.check { log in commit(shared, log) }
        }
        commit(shared, scheduler.log)
        sync.close()
        end(&scheduler)
    }

    /// Waits for writes; empty when the queue is closed and drained.
    private func next(_ shared: SharedTransaction, _ scheduler: inout CheckpointScheduler) -> [PendingWrite] {
        while true {
            switch queue.take(GroupWriter.maxBytes, idle: shared.isOpen ? Self.commitDelay : scheduler.idle) {
            case .writes(let writes): return writes
            case .nudge: commit(shared, scheduler.log)
            case .idle where shared.isOpen: commit(shared, scheduler.log)
            // If a checkpoint is running, it is not the last one: this is tried again.
            case .idle: scheduler.begin()
            }
        }
    }

    /// Commits the open transaction.
    private func commit(_ shared: SharedTransaction, _ log: borrowing RedoLog) {
        do throws(ServiceError) {
            do throws(ServiceError) {
                try shared.commit()
            } catch {
                note(0, error)
                try shared.restore(log)
            }
        } catch {
            failure.note(error)
        }
    }

    private func write(
        _ writes: inout [PendingWrite], _ space: inout FileSpace, _ shared: SharedTransaction,
        _ scheduler: inout CheckpointScheduler
    ) {
        var refusals: [WriteResult]
        checkLinks(scheduler.log)
        if let failure = failure.current {
            refusals = writes.map { WriteResult(.refused(failure), id: $0.namedID) }
        } else {
            // Writes that arrive in the meantime are not counted yet; the step by which the file grows is larger than
            // they are.
            let shortage = space.prepare(for: writes.count, behind: shared.pages)
            var writer = GroupWriter(
                environment: environment, queue: queue, sync: sync, shared: shared, failure: failure,
                heapOnlyBytes: heapOnlyBytes, shortage: shortage, reusable: scheduler.reusable,
                isUrgent: { shortage != 0 || self.hasActiveReaders },
                // Statistics that are requested after an acknowledgement include the write.
                isMade: { self.note($0, nil) })
            var outcome = writer.write(&writes, &scheduler.log)
            // Pages pinned for the last checkpoint, and the log before it, may be the room that is missing.
            if outcome?.trouble.code == .resourceExhausted, scheduler.makeRoom() {
                writer.reusable = scheduler.reusable
                outcome = writer.write(&writes, &scheduler.log)
            }
            guard let outcome else { return }
            note(writes.count, outcome.trouble)
            refusals = outcome.results
        }
        let refused = WriteGroup(writes, refusals, in: nil)
        refused.confirm()
        sync.add(refused)
    }

    /// Nothing is written to a file that was removed. Writers are told that nothing has changed.
    private func checkLinks(_ log: borrowing RedoLog) {
        do throws(ServiceError) {
            try environment.checkLinks(log.file)
        } catch {
            failure.note(error)
        }
    }

    /// Whether readers have recently needed the tables complete.
    private var hasActiveReaders: Bool { readerActivity.isRecent() }

    private func end(_ scheduler: inout CheckpointScheduler) {
        do throws(ServiceError) {
            try scheduler.close()
        } catch {
            log.error(error.message)
        }
    }

    private func note(_ writes: Int, _ trouble: ServiceError?) {
        let before = state.withLock { progress in
            defer {
                progress.trouble = trouble
                if trouble == nil {
                    progress.transactions += 1
                    progress.writes += UInt64(writes)
                }
            }
            return progress.trouble
        }
        if let trouble, trouble.code == .dataLoss { environment.damage.report(trouble.message, log) }
        // Once, not for each of the thousands of transactions that a full disk may fail.
        if let trouble, trouble != before { log.error(trouble.message) }
        if trouble == nil, before != nil { log.notice("writing to \(environment.path) works again") }
    }
}

/// When readers last needed the tables complete. While that is recent, the committer commits each group at once, so
/// that the next reader need not wait.
///
/// Safe to use from any number of threads. A reader may store a time later than the one the committer has just read.
final class ReaderActivity: Sendable {
    /// In nanoseconds.
    static let span: UInt64 = 100_000_000

    private let last = Atomic<UInt64>(0)

    /// A reader needs the tables complete.
    func note(at now: UInt64 = MonotonicClock.now) { last.store(now, ordering: .relaxed) }

    /// Whether that happened within ``span``.
    func isRecent(at now: UInt64 = MonotonicClock.now) -> Bool {
        MonotonicClock.elapsed(from: last.load(ordering: .relaxed), to: now) < Self.span
    }
}

/// Grows the LMDB file in large steps, ahead of the transactions: a sync that also records a new file size costs a
/// journal commit of the file system, about twice the time of one that does not.
///
/// The space is allocated, not written. Filling it with zeros would save even more per sync, but would write
/// everything twice, which is slower once the disk's throughput is the limit. This is an optimization: if it fails,
/// the transaction itself finds out whether there is room.
struct FileSpace {
    private static let step = (min: 4 << 20, max: 64 << 20)
    /// What a write usually takes at most: one page in each list of the index that it is in, one for its change and
    /// one for the change before, and their parents.
    private static let pages = 8

    private let environment: LMDBEnvironment
    private let pageSize: Int
    private var size: Int

    init(_ environment: LMDBEnvironment) {
        self.environment = environment
        var statistics = MDB_stat()
        unsafe mdb_env_stat(environment.handle, &statistics)
        pageSize = Int(statistics.ms_psize)
        var status = stat()
        size = unsafe fstat(environment.descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Prepares for writes, in a transaction that has already changed `pages` pages. On the committer's thread.
    ///
    /// - Returns: why there may not be enough room: an `errno`, a code of LMDB, or 0.
    mutating func prepare(for changes: Int, behind pages: Int) -> Int32 {
        var information = unsafe MDB_envinfo()
        guard unsafe mdb_env_info(environment.handle, &information) == 0 else { return 0 }
        let used = unsafe (information.me_last_pgno + 1) * pageSize
        let needed = used + (pages + changes * Self.pages) * pageSize + Self.step.min / 16
        guard unsafe needed <= information.me_mapsize else { return MDB_MAP_FULL }
        if needed <= size { return 0 }
        let step = max(needed - size, min(max(used / 4, Self.step.min), Self.step.max))
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
