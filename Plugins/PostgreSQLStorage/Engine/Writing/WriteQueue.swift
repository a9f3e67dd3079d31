// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Writes that wait for a transaction, in the order in which they came. Any thread adds, the I/O thread takes.
final class WriteQueue: Sendable {
    private struct State {
        var waiting: [PendingWrite] = []
        /// The first of ``waiting`` that was not taken.
        var first = 0
        /// All that were not answered.
        var unfinished = (writes: 0, bytes: 0)
        var isClosed = false
    }

    private let state = Mutex(State())
    private let limit: (writes: Int, bytes: Int)

    init(writes: Int, bytes: Int) { limit = (writes, bytes) }

    /// Adds a write. Throws, without adding it, if the queue is full or closed.
    func add(_ write: PendingWrite) throws(ServiceError) {
        let size = write.size
        try state.withLock { state throws(ServiceError) in
            guard !state.isClosed else {
                throw ServiceError(.unavailable, "the storage is closing: reconnect and retry")
            }
            // A write larger than the limit is admitted alone; it could never be admitted otherwise.
            let isAlone = state.unfinished.writes == 0
            guard isAlone || state.unfinished.writes < limit.writes && state.unfinished.bytes + size <= limit.bytes
            else {
                throw ServiceError(
                    .resourceExhausted,
                    "the database is slower than the writers (\(state.unfinished.writes) writes are pending): retry later"
                )
            }
            state.waiting.append(write)
            state.unfinished.writes += 1
            state.unfinished.bytes += size
        }
    }

    /// Takes writes, in order: at most so many, and no more after the one with which they have so many bytes.
    func take(_ count: Int, bytes: Int) -> [PendingWrite] {
        state.withLock { state in
            var end = state.first
            var size = 0
            while end < state.waiting.count, end - state.first < count, size < bytes {
                size += state.waiting[end].size
                end += 1
            }
            let taken = Array(state.waiting[state.first..<end])
            state.first = end
            if end == state.waiting.count || end > 4096 {
                state.waiting.removeFirst(end)
                state.first = 0
            }
            return taken
        }
    }

    /// Takes the writes from the front that were queued before `time`.
    func takeExpired(before time: UInt64) -> [PendingWrite] {
        let count = state.withLock { state in
            state.waiting[state.first...].prefix { $0.queuedAt < time }.count
        }
        return take(count, bytes: .max)
    }

    /// These were answered.
    func finished(_ writes: [PendingWrite]) {
        let bytes = writes.reduce(0) { $0 + $1.size }
        state.withLock { state in
            state.unfinished.writes -= writes.count
            state.unfinished.bytes -= bytes
        }
    }

    /// How many wait.
    var count: Int { state.withLock { $0.waiting.count - $0.first } }

    /// Whether none waits.
    var isEmpty: Bool { state.withLock { $0.first == $0.waiting.count } }

    /// Refuses further writes.
    func close() { state.withLock { $0.isClosed = true } }
}
