// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Glibc
internal import LinuxRuntime
internal import Synchronization

/// Makes checkpoints on a thread of its own. Syncing many pages takes long, and no commit waits for it.
final class Checkpointer: Sendable {
    private struct State {
        var job: Checkpoint?
        var isBusy = false
        var isClosed = false
        /// Someone is waiting for the checkpoint.
        var isUrgent = false
        /// Pins the last durable checkpoint.
        var pin: SnapshotPin?
        var metas: MetaPages
    }

    /// How much to write at once: for the LMDB file, whose changed pages are scattered, and the heap, which is
    /// written in order.
    private static let step = (database: 256 << 10, heap: 512 << 10)
    private static let maxSteps = 16_384
    /// Without urgency, a pause is this many times as long as the write before it.
    private static let pauseFactor = 1.0
    /// With full urgency, the pieces are larger by this many times.
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
    /// How urgent the running checkpoint is, in thousandths.
    private let urgency = Atomic(0)

    /// - Parameter opened: the storage as the start opened it; a recovery would begin with its checkpoint.
    init(_ opened: OpenedStorage, _ disk: any Disk, _ failure: LogFailure) throws(ServiceError) {
        environment = opened.environment
        self.disk = disk
        self.failure = failure
        sums = opened.sums
        logs = try opened.log.files.map { file throws(ServiceError) in try disk.open(file.path) }
        state = Mutex(State(pin: opened.pin, metas: opened.metas))
    }

    /// The meta pages of the snapshot that a recovery would begin with. No checkpoint may be running.
    var metas: MetaPages { state.withLock { $0.metas } }

    /// Compares all pages of the last checkpoint with their sums, on the caller's thread. Other checkpoints may be made
    /// meanwhile: this one stays pinned, so that its pages, and their sums, stay as they are.
    ///
    /// - Parameter stop: called now and then; what it throws ends the comparison.
    /// - Returns: what is wrong; `nil` if nothing is.
    func pageFault(_ stop: () throws(ServiceError) -> Void) throws(ServiceError) -> String? {
        let held = state.withLock { state -> (pin: SnapshotPin, metas: MetaPages)? in
            guard let pin = state.pin else { return nil }
            pin.hold()
            return (pin, state.metas)
        }
        guard let held else { throw ServiceError(.cancelled, "the storage is being closed") }
        defer { held.pin.release() }
        var reason: ServiceError?
        do throws(ServiceError) {
            return try sums.fault(environment.files.database, held.metas) { _ throws(ServiceError) in
                do throws(ServiceError) {
                    try stop()
                } catch {
                    reason = error
                    throw error
                }
            }
        } catch {
            if let reason { throw reason }
            return error.message
        }
    }

    /// The snapshot that a recovery would begin with.
    var durable: UInt64 { state.withLock { $0.pin?.number ?? 0 } }

    /// Whether a checkpoint is running.
    var isBusy: Bool { state.withLock { $0.isBusy } }

    /// Starts a checkpoint. None may be running.
    func start(_ checkpoint: Checkpoint) {
        urgency.store(0, ordering: .relaxed)
        state.withLock { state in
            state.job = checkpoint
            state.isBusy = true
        }
        hasWork.signal()
    }

    /// Sets how full the log is: from 0 to 1, when the next checkpoint is due. A checkpoint that finishes by one half
    /// need not hurry.
    func logIsFull(to share: Double) { urgency.store(Int(min(max(2 * share - 1, 0), 1) * 1000), ordering: .relaxed) }

    /// Waits until no checkpoint is running.
    func wait() {
        while state.withLock({ state in
            state.isUrgent = state.isBusy
            return state.isBusy
        }) { isDone.wait() }
    }

    /// Makes checkpoints until ``close()``. On a thread of its own.
    func run() {
        while true {
            hasWork.wait()
            let (job, isClosed) = state.withLock { ($0.job.take(), $0.isClosed) }
            if let job { make(job) }
            if isClosed { return }
        }
    }

    /// Ends the thread and releases the last checkpoint.
    func close() {
        wait()
        let pin = state.withLock { state in
            state.isClosed = true
            return state.pin.take()
        }
        pin?.release()
        hasWork.signal()
    }

    /// Writes a file piece by piece, with pauses. The log shares the disk, and each of its syncs waits for what was
    /// submitted before. The faster the log grows, the larger the pieces and the shorter the pauses, so that the
    /// checkpoint is done when the next one is due and no writer has to wait for it.
    private func writeAhead(_ file: any DiskFile, _ range: Range<Int>, step: Int) throws(ServiceError) {
        let least = max(step, range.count / Self.maxSteps)
        var offset = range.lowerBound
        while offset < range.upperBound {
            if state.withLock({ $0.isUrgent }) { return }
            let urgency = Double(urgency.load(ordering: .relaxed)) / 1000
            let piece = max(least, min(Self.maxPiece, Int(Double(least) * (1 + urgency * Self.growth))))
            let start = MonotonicClock.now
            try file.writeAhead(piece, at: offset)
            offset += piece
            let took = Double(MonotonicClock.elapsed(from: start, to: MonotonicClock.now)) / 1000
            // In less time, nothing had changed in this piece.
            if took > 50 { usleep(UInt32(min(took * Self.pauseFactor * (1 - urgency), 20_000))) }
        }
    }

    private func make(_ checkpoint: Checkpoint) {
        var isMade = false
        do throws(ServiceError) {
            if failure.current == nil {
                // The second pass finds much less to write, and leaves little to the sync.
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
        // If it failed, a recovery would still begin with the previous checkpoint: its pages stay pinned.
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
