internal import HandlerKit

/// Changes that were made in one transaction and are in the log: on their way to disk, while the transaction is committed.
///
/// Sendable although it has a variable: the committer writes it before it signals, the other side reads it after that.
final class WriteGroup: @unchecked Sendable {
    let writes: [PendingWrite]
    /// One for each change.
    let results: [WriteResult]
    /// Where they stand in the log; `nil`: nothing was written.
    let file: (any LogFile)?
    /// The log only says where the records are: the heap has to be on disk too.
    let needsHeap: Bool
    private var isWithdrawn = false
    private let isDecided = WakeUp()

    init(_ writes: [PendingWrite], _ results: [WriteResult], in file: (any LogFile)?, withHeap needsHeap: Bool = false)
    {
        self.writes = writes
        self.results = results
        self.file = file
        self.needsHeap = needsHeap
    }

    /// The transaction is committed.
    func confirm() { isDecided.signal() }

    /// It could not be committed: nobody is told of this group.
    func withdraw() {
        isWithdrawn = true
        isDecided.signal()
    }

    /// Waits for one of both. Once.
    ///
    /// - Returns: whether it is committed.
    func waitForCommit() -> Bool {
        isDecided.wait()
        return !isWithdrawn
    }
}
