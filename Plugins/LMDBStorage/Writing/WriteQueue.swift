internal import ArticleProtocol
internal import HandlerKit
internal import Synchronization

/// Changes that wait for the committer: in at one end, bounded; out all at once.
final class WriteQueue: Sendable {
    fileprivate struct State {
        var writes: [PendingWrite] = []
        var bytes = 0
        var isStopping = false
        /// The committer waits until so many changes are there.
        var wakeAt: Int?

        /// Whether the committer is to be woken now.
        mutating func wakes() -> Bool {
            guard let wakeAt, writes.count >= wakeAt || isStopping else { return false }
            self.wakeAt = nil
            return true
        }
    }

    private let state = Mutex(State())
    private let wakeUp = WakeUp()
    private let limit: (writes: Int, bytes: Int)

    init(writes: Int, bytes: Int) { limit = (writes, bytes) }

    /// Adds a change. Throws, with nothing added, if the queue is full or closed.
    func add(_ write: PendingWrite) throws(ServiceError) {
        let wakes = try state.withLock { state throws(ServiceError) in
            guard !state.isStopping else {
                throw ServiceError(.unavailable, "the storage is being closed; connect again and retry")
            }
            // A single change is always let in, however large: it can go nowhere else.
            let bytes = state.bytes + write.record.count
            guard state.writes.count < limit.writes, state.writes.isEmpty || bytes <= limit.bytes else {
                throw ServiceError(
                    .resourceExhausted,
                    "the disk is slower than the writers: \(state.writes.count) changes wait already; retry later")
            }
            state.writes.append(write)
            state.bytes = bytes
            return state.wakes()
        }
        if wakes { wakeUp.signal() }
    }

    /// How many changes wait.
    var count: Int { state.withLock { $0.writes.count } }

    /// Waits for changes and takes them: all, but no more than `bytes` unless a single one is larger. Empty only when
    /// the queue is closed and drained.
    ///
    /// - Parameter patience: once there is a change, how long to wait for others until there are how many.
    func take(_ bytes: Int, _ patience: (writes: Int, nanoseconds: Int)) -> [PendingWrite] {
        var hasWaited = false
        while true {
            let (taken, isEmpty) = state.withLock { state -> ([PendingWrite]?, Bool) in
                let isEnough = hasWaited || state.writes.count >= patience.writes || state.bytes >= bytes
                if state.isStopping || !state.writes.isEmpty && isEnough {
                    state.wakeAt = nil
                    return (state.take(bytes), false)
                }
                state.wakeAt = max(1, state.writes.isEmpty ? 1 : patience.writes)
                return (nil, state.writes.isEmpty)
            }
            if let taken { return taken }
            if isEmpty {
                wakeUp.wait()
            } else {
                wakeUp.wait(patience.nanoseconds)
                hasWaited = true
            }
        }
    }

    /// No change is let in any more; those that wait are still taken.
    func close() {
        let wakes = state.withLock { state in
            state.isStopping = true
            return state.wakes()
        }
        if wakes { wakeUp.signal() }
    }
}

extension WriteQueue.State {
    fileprivate mutating func take(_ most: Int) -> [PendingWrite] {
        guard bytes > most else {
            defer { (writes, bytes) = ([], 0) }
            return writes
        }
        var size = 0
        let count = writes.prefix { write in
            size += write.record.count
            return size <= most
        }.count
        let taken = Array(writes.prefix(max(1, count)))
        writes.removeFirst(taken.count)
        bytes -= taken.reduce(0) { $0 + $1.record.count }
        return taken
    }
}
