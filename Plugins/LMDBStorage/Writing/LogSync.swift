internal import ArticleProtocol
internal import HandlerKit
internal import Synchronization

/// Brings groups to disk, and then tells the writers: on a thread of its own, so that the group is shown to readers, and
/// the next group made, meanwhile. A small one can be brought there by the committer itself, sooner than another thread would be
/// at work; the writers are told from this one all the same, for what they do then may need the committer.
///
/// Groups are told in their order, those too that wrote nothing: what their answers say of other records must be on disk
/// as well.
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

    /// The last group that is known to be on disk.
    var durable: UInt64 { lastDurable.load(ordering: .relaxed) }

    /// Adds a group that is in the log.
    func add(_ group: WriteGroup) {
        queue.syncStarted()
        state.withLock { $0.groups.append(group) }
        hasWork.signal()
    }

    /// Brings a group to disk on the committer's own thread, and has its writers told. No other one is on its way to disk.
    func syncNow(_ group: WriteGroup) {
        // The committer's own opening of the file: that which it has written through.
        sync([group]) { file in file }
        group.isSyncedByCommitter = true
        queue.markSynced(group)
        state.withLock { $0.groups.append(group) }
        hasWork.signal()
    }

    /// No group comes any more; those that were added are still told.
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
            queue.release(group)
            for (write, result) in zip(group.writes, group.results) {
                // What was refused has changed nothing, whatever became of the rest.
                if let trouble = group.trouble, !result.isRefused {
                    write.complete(WriteResult(.refused(trouble), id: result.id))
                } else {
                    write.complete(result)
                }
            }
        }
    }

    /// One sync for all that are in one file.
    ///
    /// - Parameter own: the present thread's opening of a file.
    private func sync(_ groups: [WriteGroup], own: (any DiskFile) -> any DiskFile) {
        do throws(ServiceError) {
            if failure.current == nil {
                if groups.contains(where: \.needsHeap) { try heap.sync() }
                var synced: (any DiskFile)?
                for file in groups.reversed().compactMap(\.file) where file !== synced {
                    try own(file).sync()
                    synced = file
                }
                if synced != nil {
                    try environment.checkLinks(synced)
                    noteDurable(groups.map(\.sequence).max() ?? 0)
                }
            }
        } catch {
            failure.note(error)
        }
        let trouble = failure.outcome
        for group in groups { group.trouble = trouble }
    }

    /// Before anybody is told.
    private func noteDurable(_ sequence: UInt64) {
        guard sequence > lastDurable.load(ordering: .relaxed) else { return }
        lastDurable.store(sequence, ordering: .relaxed)
        // A help for a start that finds damage; without it, it finds less.
        try? DurableMark(session, sequence).write(to: mark)
    }
}

extension WriteResult {
    fileprivate var isRefused: Bool { if case .refused = outcome { true } else { false } }
}

/// Changes that are in the log as one group: on their way to disk, while readers are shown them, or the transaction that made them
/// is committed.
///
/// Sendable although it has variables: one side writes them before it signals, the other reads them after that.
final class WriteGroup: @unchecked Sendable {
    let writes: [PendingWrite]
    /// One for each change.
    let results: [WriteResult]
    /// Where they stand in the log; `nil`: nothing was written.
    let file: (any DiskFile)?
    /// Its number in the log.
    let sequence: UInt64
    /// The log only says where the records are: the heap has to be on disk too.
    let needsHeap: Bool
    /// The committer brought it to disk itself, or tried to.
    var isSyncedByCommitter = false
    /// Why it may not be on disk; known once that was tried.
    var trouble: ServiceError?
    private var isWithdrawn = false
    private let isDecided = Semaphore()

    init(
        _ writes: [PendingWrite], _ results: [WriteResult], in file: (any DiskFile)?, sequence: UInt64 = 0,
        withHeap needsHeap: Bool = false
    ) {
        self.writes = writes
        self.results = results
        self.file = file
        self.sequence = sequence
        self.needsHeap = needsHeap
    }

    /// Readers can see it, or will with the next commit.
    func confirm() { isDecided.signal() }

    /// It could not be made: nobody is told of this group.
    func withdraw() {
        isWithdrawn = true
        isDecided.signal()
    }

    /// Waits for one of both. Once.
    ///
    /// - Returns: whether its writers are to be told.
    func waitForDecision() -> Bool {
        isDecided.wait()
        return !isWithdrawn
    }
}
