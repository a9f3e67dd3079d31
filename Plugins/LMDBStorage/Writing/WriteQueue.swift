// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Writes that wait for the committer. The queue is bounded; the committer takes all of them at once.
final class WriteQueue: Sendable {
    fileprivate struct State {
        /// Writes that the committer has not taken.
        var writes: [PendingWrite] = []
        var bytes = 0
        /// All writes whose writers have not been answered.
        var unfinished = (writes: 0, bytes: 0)
        /// Of these, how many are on disk.
        var onDisk = 0
        var isStopping = false
        /// The committer is needed for something else.
        var isNudged = false
        /// Groups being synced.
        var groupsAtDisk = 0
        /// Wakes the committer when this many writes are pending, or when a sync finishes.
        var wakeAt: Int?

        /// How many writes a group of `count` lacks before it should go to disk. A fraction of all unanswered writes
        /// is enough: the others are being synced, or will be next.
        func missing(_ count: Int) -> Int {
            let parts = groupsAtDisk == 0 ? 2 : 3
            return (unfinished.writes - onDisk + parts - 1) / parts - count
        }

        /// Whether to wake the committer now.
        mutating func wakes(_ isForced: Bool = false) -> Bool {
            guard let wakeAt, isForced || writes.count >= wakeAt else { return false }
            self.wakeAt = nil
            return true
        }
    }

    /// While the disk is busy, the committer is woken for this many writes at once rather than for each.
    private static let wakeThreshold = 8
    /// How long a group waits for more writes, in nanoseconds: about as long as the disk would take for another
    /// group.
    static let maxWait = 100_000

    /// What a group that does not go to disk yet waits for, apart from more writes.
    private enum Wait {
        case disk
        /// More writes, for a short time.
        case more
    }

    private let state = Mutex(State())
    private let wakeUp = Semaphore()
    private let limit: (writes: Int, bytes: Int)
    private let maxWait: Int

    init(writes: Int, bytes: Int, maxWait: Int = WriteQueue.maxWait) {
        limit = (writes, bytes)
        self.maxWait = maxWait
    }

    /// Adds a write. Throws, without adding it, if the queue is full or closed.
    func add(_ write: PendingWrite) throws(ServiceError) {
        let wakes = try state.withLock { state throws(ServiceError) in
            guard !state.isStopping else {
                throw ServiceError(.unavailable, "the storage is closing: reconnect and retry")
            }
            // A write larger than the limit is admitted alone; it could never be admitted otherwise.
            let size = write.recordSize
            let isTooLarge = size > limit.bytes && state.writes.isEmpty
            guard state.unfinished.writes < limit.writes, isTooLarge || state.unfinished.bytes + size <= limit.bytes
            else {
                throw ServiceError(
                    .resourceExhausted,
                    "the disk is slower than the writers (\(state.unfinished.writes) writes are pending): retry later"
                )
            }
            state.writes.append(write)
            state.bytes += size
            state.unfinished.writes += 1
            state.unfinished.bytes += size
            return state.wakes()
        }
        if wakes { wakeUp.signal() }
    }

    /// The result of ``take(_:idle:)``.
    enum Taken {
        /// Empty only when the queue is closed and drained.
        case writes([PendingWrite])
        /// None came in that time.
        case idle
        /// There was a ``nudge()``.
        case nudge
    }

    /// Waits for writes and takes all of them, but at most `bytes` unless a single one is larger.
    ///
    /// - Parameter idle: how long to wait, in nanoseconds; `nil`: for ever.
    func take(_ bytes: Int, idle: Int?) -> Taken {
        var hasWaited = false
        while true {
            let taken: Taken? = state.withLock { state in
                defer { state.isNudged = false }
                if state.isNudged { return .nudge }
                if state.writes.isEmpty, !state.isStopping {
                    state.wakeAt = 1
                    return nil
                }
                state.wakeAt = nil
                return .writes(state.take(bytes))
            }
            if let taken { return taken }
            guard let idle else {
                wakeUp.wait()
                continue
            }
            if hasWaited { return .idle }
            wakeUp.wait(nanoseconds: UInt64(clamping: idle))
            hasWaited = true
        }
    }

    /// Writes that arrived since the last call, for a group that does not go to disk yet: the disk is busy, or most
    /// writers are being answered right now and may send their next writes at once.
    ///
    /// - Parameters:
    ///   - bytes: how much room is left.
    ///   - count: the number of writes in the group.
    ///   - isLarge: the group takes the disk much longer than an empty sync.
    /// - Returns: `nil` as soon as the group should go to disk as it is; also after a ``nudge()``.
    func more(_ bytes: Int, for count: Int, isLarge: Bool) -> [PendingWrite]? {
        var isPatient = true
        while true {
            let (taken, wait) = state.withLock { state -> ([PendingWrite], Wait?) in
                state.wakeAt = nil
                if state.isNudged { return ([], nil) }
                let missing = state.missing(count)
                let enough: Int
                let wait: Wait?
                switch state.groupsAtDisk {
                case 0:
                    let waits = isPatient && bytes > 0 && missing > 0 && !state.isStopping
                    (enough, wait) = (missing > 0 ? 1 : .max, waits ? .more : nil)
                // A large group should be ready when the disk is; a small one should rather grow in the meantime.
                case 1 where isLarge && (missing <= 0 || bytes <= 0): (enough, wait) = (.max, nil)
                default: (enough, wait) = (Self.wakeThreshold, .disk)
                }
                if bytes > 0, state.writes.count >= enough { return (state.take(bytes), nil) }
                switch wait {
                case .more: state.wakeAt = missing
                case .disk: state.wakeAt = bytes > 0 ? enough : .max
                case nil: break
                }
                return ([], wait)
            }
            if !taken.isEmpty { return taken }
            switch wait {
            case .disk: wakeUp.wait()
            case .more:
                isPatient = false
                waitForMore()
            case nil: return nil
            }
        }
    }

    private func waitForMore() {
        if wakeUp.wait(nanoseconds: UInt64(clamping: maxWait)) { return }
        // Whoever reset `wakeAt` has signalled, or is about to.
        let isSignalled = state.withLock { state in
            defer { state.wakeAt = nil }
            return state.wakeAt == nil
        }
        if isSignalled { wakeUp.wait() }
    }

    /// Whether no group is being synced. Only the committer may ask, as only it starts syncs.
    var isDiskFree: Bool { state.withLock { $0.groupsAtDisk == 0 } }

    /// A group is about to be synced.
    func syncStarted() { state.withLock { $0.groupsAtDisk += 1 } }

    /// This many groups were synced.
    func syncFinished(_ groups: Int) {
        let wakes = state.withLock { state in
            state.groupsAtDisk -= groups
            // While it waits for the first write of a group, the committer has nothing to sync.
            return state.wakeAt != 1 && state.wakes(true)
        }
        if wakes { wakeUp.signal() }
    }

    /// The committer has synced a group itself.
    func markSynced(_ group: WriteGroup) { state.withLock { $0.onDisk += group.writes.count } }

    /// A group is on disk or refused, and its writers are about to be answered.
    func release(_ group: WriteGroup) {
        let bytes = group.writes.reduce(0) { $0 + $1.recordSize }
        state.withLock { state in
            state.unfinished.writes -= group.writes.count
            state.unfinished.bytes -= bytes
            if group.isSyncedByCommitter { state.onDisk -= group.writes.count }
        }
    }

    /// Makes ``take(_:idle:)`` return, now or when it is called next. Until then a group waits for nothing.
    func nudge() {
        let wakes = state.withLock { state in
            state.isNudged = true
            return state.wakes(true)
        }
        if wakes { wakeUp.signal() }
    }

    /// No more writes are admitted. Those that are pending are still taken.
    func close() {
        let wakes = state.withLock { state in
            state.isStopping = true
            return state.wakes(true)
        }
        if wakes { wakeUp.signal() }
    }
}

extension WriteQueue.State {
    fileprivate mutating func take(_ maxBytes: Int) -> [PendingWrite] {
        guard bytes > maxBytes else {
            let taken = writes
            (writes, bytes) = ([], 0)
            // About as many are likely to come again.
            writes.reserveCapacity(taken.count)
            return taken
        }
        var size = 0
        let count = writes.prefix { write in
            size += write.recordSize
            return size <= maxBytes
        }.count
        let taken = Array(writes.prefix(max(1, count)))
        writes.removeFirst(taken.count)
        bytes -= taken.reduce(0) { $0 + $1.recordSize }
        return taken
    }
}
