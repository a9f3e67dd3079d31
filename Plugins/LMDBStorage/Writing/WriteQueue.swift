internal import ArticleProtocol
internal import HandlerKit
internal import Synchronization

/// Changes that wait for the committer: in at one end, bounded; out all at once.
final class WriteQueue: Sendable {
    fileprivate struct State {
        /// Those that wait for the committer.
        var writes: [PendingWrite] = []
        var bytes = 0
        /// All whose writers are still to be told.
        var unfinished = (writes: 0, bytes: 0)
        /// Of these, those that are on disk.
        var onDisk = 0
        var isStopping = false
        /// The committer is wanted for something else.
        var isNudged = false
        /// Groups on their way to disk.
        var groupsAtDisk = 0
        /// The committer waits until so many changes are there, or a group that was at the disk is not any more.
        var wakeAt: Int?

        /// How many changes a group of `count` waits that goes to disk. A part of all that are under way is enough: the others
        /// are at the disk, or have it next.
        func missing(_ count: Int) -> Int {
            let parts = groupsAtDisk == 0 ? 2 : 3
            return (unfinished.writes - onDisk + parts - 1) / parts - count
        }

        /// Whether the committer is to be woken now.
        mutating func wakes(_ isForced: Bool = false) -> Bool {
            guard let wakeAt, isForced || writes.count >= wakeAt else { return false }
            self.wakeAt = nil
            return true
        }
    }

    /// While the disk is busy the committer is woken for so many changes at once, and not for each.
    private static let wakeThreshold = 8
    /// How long a group waits for company that may come, in nanoseconds: about as long as the disk would take for a group of
    /// its own.
    static let maxWait = 100_000

    /// What a group that does not go to disk waits for, besides more changes.
    private enum Wait {
        case disk
        /// Not for long.
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

    /// Adds a change. Throws, with nothing added, if the queue is full or closed.
    func add(_ write: PendingWrite) throws(ServiceError) {
        let wakes = try state.withLock { state throws(ServiceError) in
            guard !state.isStopping else {
                throw ServiceError(.unavailable, "the storage is being closed; connect again and retry")
            }
            // A change that is larger than all may be together is let in alone: it can go nowhere else.
            let size = write.recordSize
            let isTooLarge = size > limit.bytes && state.writes.isEmpty
            guard state.unfinished.writes < limit.writes, isTooLarge || state.unfinished.bytes + size <= limit.bytes
            else {
                throw ServiceError(
                    .resourceExhausted,
                    "the disk is slower than the writers: \(state.unfinished.writes) changes wait already; retry later"
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

    /// What ``take(_:idle:)`` came to.
    enum Taken {
        /// None only when the queue is closed and drained.
        case writes([PendingWrite])
        /// None came for as long as that.
        case idle
        /// There was a ``nudge()``.
        case nudge
    }

    /// Waits for changes and takes them: all, but no more than `bytes` unless a single one is larger.
    ///
    /// - Parameter idle: how long to wait for a change, in nanoseconds; `nil`: for ever.
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
            wakeUp.wait(idle)
            hasWaited = true
        }
    }

    /// What came since the last call, for a group that does not go to disk yet: the disk is busy, or most of the changes under
    /// way are being told of at this moment, and those writers may have the next ones here at once.
    ///
    /// - Parameters:
    ///   - bytes: how much there is still room for.
    ///   - count: how many changes the group has.
    ///   - isLarge: it takes the disk much longer than a sync without anything to write.
    /// - Returns: `nil` as soon as the group is to go to disk as it is, if only because of a ``nudge()``.
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
                // The disk is not to wait for the next one of them; small ones had better grow meanwhile.
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
        if wakeUp.wait(maxWait) { return }
        // Whoever was faster than this has signalled, or is about to.
        let isSignalled = state.withLock { state in
            defer { state.wakeAt = nil }
            return state.wakeAt == nil
        }
        if isSignalled { wakeUp.wait() }
    }

    /// Whether no group is on its way to disk. The committer's to ask: nobody else sends one.
    var isDiskFree: Bool { state.withLock { $0.groupsAtDisk == 0 } }

    /// A group goes to disk.
    func syncStarted() { state.withLock { $0.groupsAtDisk += 1 } }

    /// So many groups are there: another one may go.
    func syncFinished(_ groups: Int) {
        let wakes = state.withLock { state in
            state.groupsAtDisk -= groups
            // Who waits for a first change has nothing for the disk.
            return state.wakeAt != 1 && state.wakes(true)
        }
        if wakes { wakeUp.signal() }
    }

    /// A group was brought to disk by the committer itself.
    func markSynced(_ group: WriteGroup) { state.withLock { $0.onDisk += group.writes.count } }

    /// A group is on disk, or refused, and its writers are about to be told.
    func release(_ group: WriteGroup) {
        let bytes = group.writes.reduce(0) { $0 + $1.recordSize }
        state.withLock { state in
            state.unfinished.writes -= group.writes.count
            state.unfinished.bytes -= bytes
            if group.isSyncedByCommitter { state.onDisk -= group.writes.count }
        }
    }

    /// Lets ``take(_:idle:)`` return, if it waits or when it is called next; until then a group waits for nothing.
    func nudge() {
        let wakes = state.withLock { state in
            state.isNudged = true
            return state.wakes(true)
        }
        if wakes { wakeUp.signal() }
    }

    /// No change is let in any more; those that wait are still taken.
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
            // As many are likely to come again.
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
