internal import ArticleProtocol
internal import Glibc
internal import HandlerKit
internal import Synchronization

/// Group commit: takes all changes that wait, makes them in one transaction with one sync, tells their writers, and
/// begins anew. While the disk syncs, the next group gathers: the slower the disk, the larger the group.
final class Committer: Sendable {
    /// What the statistics and the health say about writing.
    struct Progress {
        var transactions: UInt64 = 0
        var writes: UInt64 = 0
        /// Of the last transaction; `nil` if it went well.
        var trouble: ServiceError?
    }

    /// Of one transaction: its pages lie in memory until the commit, and LMDB keeps that memory for the next one. At 3 KB
    /// a record that is 2,700 records: enough to make the sync cheap.
    private static let mostBytes = 8 << 20

    private let queue: WriteQueue
    private let environment: Environment
    private let log: PluginLog
    private let state = Mutex(Progress())

    init(_ queue: WriteQueue, _ environment: Environment, _ log: PluginLog) {
        self.queue = queue
        self.environment = environment
        self.log = log
    }

    var progress: Progress { state.withLock { $0 } }

    /// Commits until the queue is closed and drained. On the committer's own thread.
    func run() {
        var space = FileSpace(environment)
        var patience = (writes: 1, nanoseconds: 0)
        while true {
            var batch = queue.take(Self.mostBytes, patience)
            if batch.isEmpty { return }
            let start = Self.now()
            let shortage = space.prepare(for: batch.reduce(0) { $0 + $1.record.count })
            let (results, trouble) = BatchWriter(environment: environment, shortage: shortage).write(&batch)
            patience = (batch.count + queue.count, min((Self.now() - start) / 8, Self.mostPatience))
            note(batch.count, trouble)
            for (write, result) in zip(batch, results) { write.completion(result) }
        }
    }

    /// Writers that have just been answered mostly come back at once with their next change. A commit that does not wait
    /// for them catches only the first few, and the writers split into two halves that take turns: twice the syncs for the
    /// same changes. So the next commit waits until as many changes are there as there were writers, for at most an eighth
    /// of what the last commit took, which is what it costs when they do not come.
    private static let mostPatience = 2_000_000

    private static func now() -> Int {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
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
