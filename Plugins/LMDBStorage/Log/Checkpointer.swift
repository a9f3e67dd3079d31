internal import ArticleProtocol
internal import CLinux
internal import Glibc
internal import Synchronization

/// Makes checkpoints on a thread of its own: to bring many pages to disk takes long, and no commit waits for it.
final class Checkpointer: Sendable {
    private struct State {
        var job: Checkpoint?
        var isBusy = false
        var isClosed = false
        /// Somebody waits.
        var isUrgent = false
        /// Of the last checkpoint that is on disk.
        var pin: SnapshotPin?
        var metas: MetaPages
        /// Waits for the pages of that version to be checked.
        var check: (@Sendable (String?) -> Void)?
    }

    /// Of the database, whose changed pages lie anywhere, and of the heap, which is written in its order.
    private static let step = (database: 256 << 10, heap: 512 << 10)
    private static let maxSteps = 16_384
    /// A pause is so many times as long as what went before it, while there is all the time.
    private static let pauseFactor = 1.0
    /// And the pieces are larger by so many times their size, while there is none.
    private static let growth = 31.0
    private static let maxPiece = 8 << 20

    private let environment: LMDBEnvironment
    private let disk: any Disk
    private let sums: PageSums
    private let logs: [any DiskFile]
    private let failure: LogFailure
    private let state: Mutex<State>
    private let hasWork = Semaphore()
    private let isDone = Semaphore()
    /// How much the present checkpoint has to hurry, in thousandths.
    private let urgency = Atomic(0)

    /// - Parameter opened: the checkpoint that a recovery would begin with is that of the start.
    init(_ opened: OpenedStorage, _ disk: any Disk, _ failure: LogFailure) throws(ServiceError) {
        environment = opened.environment
        self.disk = disk
        self.failure = failure
        sums = opened.sums
        logs = try opened.log.files.map { file throws(ServiceError) in try disk.open(file.path) }
        state = Mutex(State(pin: opened.pin, metas: opened.metas))
    }

    /// The heads of the version that a recovery would begin with. No checkpoint may be under way.
    var metas: MetaPages { state.withLock { $0.metas } }

    /// Has all pages of the last checkpoint compared with their sums, on this thread, between checkpoints.
    ///
    /// - Parameter done: hears what is wrong; `nil`: nothing. From this thread, or at once when it has ended.
    func checkPages(_ done: @escaping @Sendable (String?) -> Void) {
        let isAdded = state.withLock { state in
            guard !state.isClosed, state.check == nil else { return false }
            state.check = done
            return true
        }
        if isAdded { hasWork.signal() } else { done(nil) }
    }

    /// The version that a recovery would begin with.
    var durable: UInt64 { state.withLock { $0.pin?.number ?? 0 } }

    /// Whether one is being made.
    var isBusy: Bool { state.withLock { $0.isBusy } }

    /// Has one made. None may be under way.
    func start(_ checkpoint: Checkpoint) {
        urgency.store(0, ordering: .relaxed)
        state.withLock { state in
            state.job = checkpoint
            state.isBusy = true
        }
        hasWork.signal()
    }

    /// How much of the log that may be written meanwhile is there: from 0 to 1, when the next checkpoint is due. One that is
    /// done by half of that has not to hurry.
    func logIsFull(to share: Double) { urgency.store(Int(min(max(2 * share - 1, 0), 1) * 1000), ordering: .relaxed) }

    /// Waits until none is being made.
    func wait() {
        while state.withLock({ state in
            state.isUrgent = state.isBusy
            return state.isBusy
        }) { isDone.wait() }
    }

    /// Makes them until ``close()``. On a thread of its own.
    func run() {
        while true {
            hasWork.wait()
            let (job, check, isClosed) = state.withLock { state in
                (state.job.take(), state.check.take(), state.isClosed)
            }
            if let job { make(job) }
            if let check { check(isClosed ? nil : pageFault()) }
            if isClosed { return }
        }
    }

    /// Ends the thread, and keeps no version any more.
    func close() {
        wait()
        let pin = state.withLock { state in
            state.isClosed = true
            return state.pin.take()
        }
        pin?.release()
        hasWork.signal()
    }

    /// Has a file written piece by piece, with pauses: the log shares the disk, and each of its syncs waits for what was
    /// given to the disk before. The faster the log grows meanwhile, the larger the pieces and the shorter the pauses are, so
    /// that it is done when the next checkpoint is due, and no writer has to wait for it.
    private func writeAhead(_ file: any DiskFile, _ range: Range<Int>, step: Int) throws(ServiceError) {
        let least = max(step, range.count / Self.maxSteps)
        var offset = range.lowerBound
        while offset < range.upperBound {
            if state.withLock({ $0.isUrgent }) { return }
            let urgency = Double(urgency.load(ordering: .relaxed)) / 1000
            let piece = max(least, min(Self.maxPiece, Int(Double(least) * (1 + urgency * Self.growth))))
            let start = clinux_now()
            try file.writeAhead(piece, at: offset)
            offset += piece
            let took = Double(clinux_elapsed(start, clinux_now())) / 1000
            // Less is a piece in which nothing had changed.
            if took > 50 { usleep(UInt32(min(took * Self.pauseFactor * (1 - urgency), 20_000))) }
        }
    }

    /// What is wrong with the pages of the last checkpoint, which is kept; `nil`: nothing.
    private func pageFault() -> String? {
        do throws(ServiceError) {
            return try sums.fault(environment.files.database, metas)
        } catch {
            return error.message
        }
    }

    private func make(_ checkpoint: Checkpoint) {
        var isMade = false
        do throws(ServiceError) {
            if failure.current == nil {
                // What is written anew meanwhile is much less the second time, and all that the sync is left with.
                for _ in 0..<2 {
                    try writeAhead(
                        environment.files.database, 0..<environment.fileSize, step: Self.step.database)
                    try writeAhead(
                        environment.files.heap, environment.heap.takeWritten(), step: Self.step.heap)
                }
                try checkpoint.make(environment, sums, after: metas, logs, disk)
                isMade = true
            }
        } catch {
            failure.note(error)
        }
        // If it failed, the former one is what a recovery begins with: its pages stay.
        let unneeded = state.withLock { state in
            let unneeded = isMade ? state.pin : checkpoint.pin
            if isMade { (state.pin, state.metas) = (checkpoint.pin, checkpoint.header.metas) }
            state.isBusy = false
            state.isUrgent = false
            return unneeded
        }
        unneeded?.release()
        isDone.signal()
    }
}
