internal import ArticleProtocol
internal import HandlerKit
internal import Synchronization

/// Changes that wait for the committer: in at one end, bounded; out all at once.
final class WriteQueue: Sendable {
    fileprivate struct State {
        var writes: [PendingWrite] = []
        var bytes = 0
        var isStopping = false
        /// The committer waits to be woken.
        var isAsleep = false
    }

    private let state = Mutex(State())
    private let wakeUp = WakeUp()
    private let limit: (writes: Int, bytes: Int)

    init(writes: Int, bytes: Int) { limit = (writes, bytes) }

    /// Adds a change. Throws, with nothing added, if the queue is full or closed.
    func add(_ write: PendingWrite) throws(ServiceError) {
        let isAsleep = try state.withLock { state throws(ServiceError) in
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
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if isAsleep { wakeUp.signal() }
    }

    /// How many changes wait.
    var count: Int { state.withLock { $0.writes.count } }

    /// Waits for changes and takes them: all, but no more than `bytes` unless a single one is larger. Empty only when
    /// the queue is closed and drained.
    func take(_ bytes: Int) -> [PendingWrite] {
        while true {
            let taken = state.withLock { state -> [PendingWrite]? in
                if state.writes.isEmpty, !state.isStopping {
                    state.isAsleep = true
                    return nil
                }
                return state.take(bytes)
            }
            if let taken { return taken }
            wakeUp.wait()
        }
    }

    /// No change is let in any more; those that wait are still taken.
    func close() {
        let isAsleep = state.withLock { state in
            state.isStopping = true
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if isAsleep { wakeUp.signal() }
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
