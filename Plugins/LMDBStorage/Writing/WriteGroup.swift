internal import ArticleProtocol
internal import HandlerKit
internal import LinuxRuntime

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
    var isBrought = false
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
