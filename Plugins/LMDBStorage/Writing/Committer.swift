internal import ArticleProtocol
internal import HandlerKit
internal import Synchronization

/// Group commit: takes all changes that wait, makes them in one transaction, writes them to the log, and begins anew while
/// ``LogSync`` brings the log to disk and tells the writers.
final class Committer: Sendable {
    /// What the statistics and the health say about writing.
    struct Progress {
        var transactions: UInt64 = 0
        var writes: UInt64 = 0
        /// Of the last transaction; `nil` if it went well.
        var trouble: ServiceError?
    }

    private let queue: WriteQueue
    private let environment: Environment
    private let log: PluginLog
    private let sync: LogSync
    private let failure: LogFailure
    private let state = Mutex(Progress())

    init(_ queue: WriteQueue, _ environment: Environment, _ sync: LogSync, _ failure: LogFailure, _ log: PluginLog) {
        self.queue = queue
        self.environment = environment
        self.sync = sync
        self.failure = failure
        self.log = log
    }

    var progress: Progress {
        var progress = state.withLock { $0 }
        progress.trouble = failure.current ?? progress.trouble
        return progress
    }

    /// Commits until the queue is closed and drained. On the committer's own thread.
    func run(_ keeper: LogKeeper) {
        var keeper = keeper
        var space = FileSpace(environment)
        while true {
            var taken = queue.take(BatchWriter.mostBytes, idle: keeper.idle)
            while taken == nil {
                // One that is under way is not the last one then: it is tried again.
                keeper.begin()
                taken = queue.take(BatchWriter.mostBytes, idle: keeper.idle)
            }
            guard var batch = taken, !batch.isEmpty else { break }
            write(&batch, &space, &keeper)
            keeper.check()
        }
        sync.close()
        end(&keeper)
    }

    private func write(_ batch: inout [PendingWrite], _ space: inout FileSpace, _ keeper: inout LogKeeper) {
        var refusals: [WriteResult]
        if let failure = failure.current {
            refusals = batch.map { WriteResult(.refused(failure), id: $0.namedID) }
        } else {
            // The changes that come while they are made are not known yet: the file's step is larger than they are.
            let shortage = space.prepare(for: batch.count)
            var writer = BatchWriter(
                environment: environment, queue: queue, sync: sync, shortage: shortage, reusable: keeper.reusable
            ) {
                // Whoever asks for the statistics after an acknowledgement finds the change counted.
                self.note($0, nil)
            }
            var outcome = writer.write(&batch, &keeper.log)
            // Pages that are kept for the last checkpoint, and the log before it, may be the room that there is not.
            if outcome?.trouble.code == .resourceExhausted, keeper.makeRoom() {
                writer.reusable = keeper.reusable
                outcome = writer.write(&batch, &keeper.log)
            }
            if let broken = keeper.log.failure { failure.note(broken) }
            guard let outcome else { return }
            note(batch.count, outcome.trouble)
            refusals = outcome.results
        }
        let refused = WriteGroup(batch, refusals, in: nil)
        refused.confirm()
        sync.add(refused)
    }

    private func end(_ keeper: inout LogKeeper) {
        do throws(ServiceError) {
            try keeper.close()
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
        // Once, and not for each of the thousands of transactions that a full disk may fail.
        if let trouble, trouble != before { log.error(trouble.message) }
        if trouble == nil, before != nil { log.notice("writing to \(environment.path) works again") }
    }
}
