// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Syncs groups and then answers their writers, on a thread of its own, while the group is published to readers and
/// the next one is prepared. The committer can sync a small group itself, which is faster than waking another thread.
/// The writers are answered from this thread even then, since their completions may need the committer.
///
/// Groups are answered in order, including those that wrote nothing: their answers may depend on other records, which
/// must be on disk first.
final class LogSync: Sendable {
    private struct State {
        var groups: [WriteGroup] = []
        var isClosed = false
    }

    private let queue: WriteQueue
    private let failure: LogFailure
    private let environment: LMDBEnvironment
    private let session: LogSession
    /// The files, opened for this thread.
    private let logs: [any DiskFile]
    private let heap: any DiskFile
    private let mark: any DiskFile
    private let lastDurable = Atomic<UInt64>(0)
    private let state = Mutex(State())
    private let hasWork = Semaphore()

    init(
        _ queue: WriteQueue, _ opened: OpenedStorage, _ directory: DataDirectory, _ disk: any Disk,
        _ failure: LogFailure
    ) throws(ServiceError) {
        self.queue = queue
        self.failure = failure
        environment = opened.environment
        session = opened.log.session
        logs = try opened.log.files.map { file throws(ServiceError) in try disk.open(file.path) }
        heap = try disk.open(directory.heap)
        mark = try disk.open(directory.durable)
    }

    /// The last group known to be on disk.
    var durable: UInt64 { lastDurable.load(ordering: .relaxed) }

    /// Adds a group that is in the log.
    func add(_ group: WriteGroup) {
        queue.syncStarted()
        state.withLock { $0.groups.append(group) }
        hasWork.signal()
    }

    /// Syncs a group on the committer's own thread, and has its writers answered. No other group may be waiting for
    /// the disk.
    func syncNow(_ group: WriteGroup) {
        // Uses the file as opened by the committer, which wrote through it.
        sync([group]) { file in file }
        noteDurable(group)
        group.isSyncedByCommitter = true
        queue.markSynced(group)
        state.withLock { $0.groups.append(group) }
        hasWork.signal()
    }

    /// No more groups will come. Those that were added are still answered.
    func close() {
        state.withLock { $0.isClosed = true }
        hasWork.signal()
    }

    /// Syncs until it is closed. On a thread of its own.
    func run() {
        while true {
            hasWork.wait()
            let (groups, isClosed) = state.withLock { state in
                defer { state.groups = [] }
                return (state.groups, state.isClosed)
            }
            if !groups.isEmpty { finish(groups) }
            if isClosed { return }
        }
    }

    private func finish(_ groups: [WriteGroup]) {
        let others = groups.filter { !$0.isSyncedByCommitter }
        if !others.isEmpty {
            sync(others) { file in logs.first { $0.path == file.path } ?? file }
            queue.syncFinished(others.count)
        }
        for group in groups where group.waitForDecision() {
            if !group.isSyncedByCommitter { noteDurable(group) }
            queue.release(group)
            for (write, result) in zip(group.writes, group.results) {
                // A refused write has changed nothing, whatever happened to the others.
                if let trouble = group.trouble, !result.isRefused {
                    write.complete(WriteResult(.refused(trouble), id: result.id))
                } else {
                    write.complete(result)
                }
            }
        }
    }

    /// Syncs each file once for all groups in it.
    ///
    /// - Parameter own: returns a file as opened for the current thread.
    private func sync(_ groups: [WriteGroup], own: (any DiskFile) -> any DiskFile) {
        do throws(ServiceError) {
            if failure.current == nil {
                if groups.contains(where: \.needsHeap) { try heap.sync() }
                var synced: (any DiskFile)?
                for file in groups.reversed().compactMap(\.file) where file !== synced {
                    try own(file).sync()
                    synced = file
                }
                if synced != nil { try environment.checkLinks(synced) }
            }
        } catch {
            failure.note(error)
        }
        let trouble = failure.outcome
        for group in groups { group.trouble = trouble }
    }

    /// Called before anyone is told. The sync was tried, and the group was not withdrawn: the numbers of a withdrawn
    /// group are used again.
    private func noteDurable(_ group: WriteGroup) {
        guard group.trouble == nil, group.file != nil, group.sequence > lastDurable.load(ordering: .relaxed) else {
            return
        }
        lastDurable.store(group.sequence, ordering: .relaxed)
        // It helps a start that finds damage; without it, less damage is recognized.
        try? DurableMark(session, group.sequence).write(to: mark)
        environment.horizon.noteDurable(group.lastChange)
    }
}

extension WriteResult {
    fileprivate var isRefused: Bool { if case .refused = outcome { true } else { false } }
}

/// Writes that are in the log as one group. They are on their way to disk while they are published to readers or
/// committed.
///
/// Sendable although it has variables: one side writes them before it signals, the other reads them after that.
final class WriteGroup: @unchecked Sendable {
    let writes: [PendingWrite]
    /// One result per write.
    let results: [WriteResult]
    /// The log file; `nil` if nothing was written.
    let file: (any DiskFile)?
    /// The group's number in the log.
    let sequence: UInt64
    /// The sequence number of its last record.
    let lastChange: UInt64
    /// The log only refers to the records, so the heap must be synced too.
    let needsHeap: Bool
    /// The committer has synced it itself, or tried to.
    var isSyncedByCommitter = false
    /// Why it may not be on disk; set once the sync was tried.
    var trouble: ServiceError?
    private var isWithdrawn = false
    private let isDecided = Semaphore()

    init(
        _ writes: [PendingWrite], _ results: [WriteResult], in file: (any DiskFile)?, sequence: UInt64 = 0,
        lastChange: UInt64 = 0, withHeap needsHeap: Bool = false
    ) {
        self.writes = writes
        self.results = results
        self.file = file
        self.sequence = sequence
        self.lastChange = lastChange
        self.needsHeap = needsHeap
    }

    /// Readers can see the group, or will with the next commit.
    func confirm() { isDecided.signal() }

    /// The group failed. Its writers are not answered from here.
    func withdraw() {
        isWithdrawn = true
        isDecided.signal()
    }

    /// Waits for either of the two. Call it once.
    ///
    /// - Returns: whether the writers are to be answered.
    func waitForDecision() -> Bool {
        isDecided.wait()
        return !isWithdrawn
    }
}
