// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// Decides when a checkpoint begins, and when writers have to wait for one. The committer owns it.
struct CheckpointScheduler: Sendable {
    let environment: LMDBEnvironment
    let disk: any Disk
    let checkpointer: Checkpointer
    let failure: LogFailure
    var log: RedoLog
    private let sums: PageSums
    private let readers: ThreadReaders
    private let limits: EngineLimits
    private var number: UInt64 = 1

    init(
        _ opened: OpenedStorage, _ readers: ThreadReaders, _ disk: any Disk, _ failure: LogFailure,
        _ limits: EngineLimits
    ) throws(ServiceError) {
        environment = opened.environment
        log = opened.log
        self.readers = readers
        self.disk = disk
        self.failure = failure
        self.limits = limits
        sums = opened.sums
        checkpointer = try Checkpointer(opened, disk, failure)
    }

    /// Whether a checkpoint would have anything to do.
    var isBehind: Bool { log.groups > 0 }

    /// Space released in transactions up to this one can be reused: no reader and no recovery can reach it.
    var reusable: UInt64 { min(checkpointer.durable, readers.oldest ?? .max) }

    /// How long without writes until a checkpoint begins, in nanoseconds; `nil` if there is nothing to do.
    var idle: Int? { isBehind ? limits.idle : nil }

    /// Begins a checkpoint between two groups if the log is long enough. If the log has become twice that long while
    /// one is running, waits for it: the disk cannot keep up with the writers.
    ///
    /// The number of groups counts too. Pages that they replaced are not reused until the next checkpoint, and for
    /// groups of one or two writes these pages take several times the space of the log.
    ///
    /// - Parameter commit: commits the open transaction.
    mutating func check(_ commit: (borrowing RedoLog) -> Void) {
        checkpointer.logIsFull(
            to: max(
                Double(log.bytes) / Double(limits.logSize), Double(log.groups) / Double(limits.logGroups)))
        guard log.bytes >= limits.logSize || log.groups >= limits.logGroups else { return }
        let isLate = log.bytes >= 2 * limits.logSize || log.groups >= 2 * limits.logGroups
        guard isLate || !checkpointer.isBusy else { return }
        // Before the wait, so that readers that need all writes in the tables do not wait for the disk too.
        commit(log)
        if isLate { checkpointer.wait() }
        begin()
    }

    /// Begins a checkpoint, if there is anything to do and none is running.
    mutating func begin() {
        guard isBehind, failure.current == nil, !checkpointer.isBusy else { return }
        number += 1
        log.switchFile()
        // Snapshots that no call is using would keep pages beyond this checkpoint.
        readers.releaseSnapshots()
        do throws(ServiceError) {
            checkpointer.start(try Checkpoint(of: environment, number: number, log))
        } catch {
            failure.note(error)
        }
    }

    /// Called when there is no room: makes a checkpoint, and with it frees space in the log and the index.
    ///
    /// - Returns: whether there may be more room now.
    mutating func makeRoom() -> Bool {
        let wasBusy = checkpointer.isBusy
        checkpointer.wait()
        guard isBehind else { return wasBusy }
        begin()
        checkpointer.wait()
        return failure.current == nil
    }

    /// Called when no more writes come. When this returns, the index is complete without the log, and the log is
    /// empty.
    mutating func close() throws(ServiceError) {
        defer { checkpointer.close() }
        checkpointer.wait()
        if let failure = failure.current { throw failure }
        let contents = try environment.heapContents()
        // The previous checkpoint stays pinned while its pages are compared with these.
        let metas = try MetaPages(path: environment.path, pageSize: environment.pageSize)
        try environment.files.sync()
        try sums.update(environment.files.database, from: checkpointer.metas, to: metas, disk)
        try FileMark(complete: metas, session: log.session, generation: log.generation, checkpoint: number)
            .write(to: environment.files.database, pageSize: environment.pageSize)
        try environment.heap.mark(log.session, generation: log.generation, closed: contents)
        try environment.heap.sync()
        try environment.files.sync()
        log.switchFile()
        var header = log.header(number: number + 1, metas, pageSize: environment.pageSize, contents)
        header.isClosed = true
        try log.file.write(header.encoded(), at: 0)
        try log.file.sync()
        for file in log.files { file.shrink(to: RedoLog.closedSize) }
    }
}
