internal import ArticleProtocol

/// The log and its checkpoints, as the committer sees them: when one begins, and when writers have to wait for it.
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

    /// Whether there is something that a checkpoint would bring to disk.
    var isBehind: Bool { log.groups > 0 }

    /// What was left in transactions up to this one can be used again: no reader comes to it, and no recovery.
    var reusable: UInt64 { min(checkpointer.durable, readers.oldest ?? .max) }

    /// How long nobody writes until one is to begin, in nanoseconds; `nil`: it would have nothing to do.
    var idle: Int? { isBehind ? limits.idle : nil }

    /// Between two groups: begins a checkpoint if the log is long enough. If one is under way that long already, waits for
    /// it: the disk cannot keep up with the writers.
    ///
    /// The number of groups counts too: until the next checkpoint no page that they replaced is used again, and with a
    /// change or two a group that is several times what the log has.
    ///
    /// - Parameter commit: brings what was made into the tables.
    mutating func check(_ commit: (borrowing RedoLog) -> Void) {
        checkpointer.logIsFull(
            to: max(
                Double(log.bytes) / Double(limits.logSize), Double(log.groups) / Double(limits.logGroups)))
        guard log.bytes >= limits.logSize || log.groups >= limits.logGroups else { return }
        let isLate = log.bytes >= 2 * limits.logSize || log.groups >= 2 * limits.logGroups
        guard isLate || !checkpointer.isBusy else { return }
        // Before the wait: readers that need the tables as a whole do not wait for the disk with it.
        commit(log)
        if isLate { checkpointer.wait() }
        begin()
    }

    /// Begins a checkpoint if there is anything to bring to disk, and none under way.
    mutating func begin() {
        guard isBehind, failure.current == nil, !checkpointer.isBusy else { return }
        number += 1
        log.switchFile()
        // Those that nobody reads in would pin pages beyond the end of this checkpoint.
        readers.releaseSnapshots()
        do throws(ServiceError) {
            checkpointer.start(try Checkpoint(of: environment, number: number, log))
        } catch {
            failure.note(error)
        }
    }

    /// There is no room: makes what a checkpoint frees usable, in the log and in the database.
    ///
    /// - Returns: whether there can be more room now.
    mutating func makeRoom() -> Bool {
        let wasBusy = checkpointer.isBusy
        checkpointer.wait()
        guard isBehind else { return wasBusy }
        begin()
        checkpointer.wait()
        return failure.current == nil
    }

    /// Nothing is written any more: the database is complete by itself when this returns, and the log empty.
    mutating func close() throws(ServiceError) {
        defer { checkpointer.close() }
        checkpointer.wait()
        if let failure = failure.current { throw failure }
        let contents = try environment.heapContents()
        // The last checkpoint is kept as long as its pages are compared with these.
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
