// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Synchronization

/// Connects the events, the task and the responder of a request that is handled in a task.
///
/// Events come on the event loop, while the task may be anywhere, hence the lock. A waiting continuation is removed
/// under the lock and resumed outside of it, by whichever comes first: a message, the last message, credit, a
/// cancellation by the client or of the task, or the end of the request.
final class CallState: Sendable {
    let handle: RequestHandle
    private let state: Mutex<State>

    private enum Next {
        case message([UInt8])
        case end
        case wait
    }

    private struct State: ~Copyable {
        var task: Task<Void, Never>?
        var isEnded = false
        var cancellation: ServiceError?
        /// The responder was dropped without an answer. `handle` may still throw the error to answer with.
        var isDropped = false
        var hasReturned = false
        var messages = UnreadMessages()
        var readers: [CheckedContinuation<Void, Never>] = []
        var writers: [CheckedContinuation<Void, Never>] = []
        /// Remembers a `writable` event, so that one between a blocked `send` and the wait for it is not lost.
        var isWritable = false

        var isOver: Bool { isEnded || cancellation != nil }
        var hasNothingToTell: Bool { messages.isEmpty && !messages.isClosed && !isOver }

        /// The next thing for a reader. After a cancellation, messages that arrived before are discarded.
        mutating func next() throws(ServiceError) -> Next {
            if let cancellation { throw cancellation }
            if let message = messages.take() { return .message(message) }
            if messages.isClosed { return .end }
            if isEnded { throw ServiceError(.cancelled, "the request is ended") }
            return .wait
        }

        mutating func takeReaders() -> [CheckedContinuation<Void, Never>] {
            defer { readers = [] }
            return readers
        }

        mutating func takeWriters() -> [CheckedContinuation<Void, Never>] {
            defer { writers = [] }
            return writers
        }
    }

    init(_ handle: RequestHandle, isStreamed: Bool) {
        self.handle = handle
        self.state = Mutex(State())
        if !isStreamed { state.withLock { $0.messages.close() } }
    }

    /// Why the answer is no longer needed; `nil` if it is.
    var cancellation: ServiceError? { state.withLock { $0.cancellation } }

    /// Whether the request is ended. The host's request must not be accessed then.
    var isEnded: Bool { state.withLock { $0.isEnded } }

    // MARK: The task

    /// Registers the task that a cancellation has to reach.
    func started(_ task: Task<Void, Never>) {
        let isCancelled = state.withLock { state in
            if !state.isEnded { state.task = task }
            return state.cancellation != nil
        }
        if isCancelled { task.cancel() }
    }

    /// The handler has returned. If the responder was dropped before, the error becomes the answer.
    func returned(_ error: (any Error)?) {
        let answer: ServiceError? = state.withLock { state in
            state.hasReturned = true
            guard state.isDropped, !state.isEnded else { return nil }
            guard let error else { return .unanswered }
            // What the handler waited for may have ended because the request did: its reason counts.
            if let error = error as? ServiceError {
                guard error.code == .cancelled, let reason = state.cancellation, reason.code != .cancelled else {
                    return error
                }
                return reason
            }
            if error is CancellationError { return state.cancellation ?? ServiceError(.cancelled, "cancelled") }
            return ServiceError(.internal, "\(error)")
        }
        if let answer { handle.fail(answer, self) }
    }

    /// The responder was dropped without an answer. While the handler runs, it may still throw the reason.
    func drop() {
        let hasReturned = state.withLock { state in
            state.isDropped = true
            return state.hasReturned
        }
        if hasReturned { handle.fail(.unanswered, self) }
    }

    /// Marks the request as ended, on the event loop. Returns `false` if it was ended already.
    func end() -> Bool {
        let (ended, readers, writers) = state.withLock { state in
            defer {
                state.isEnded = true
                state.task = nil
            }
            return (!state.isEnded, state.takeReaders(), state.takeWriters())
        }
        for waiting in readers { waiting.resume() }
        for waiting in writers { waiting.resume() }
        return ended
    }

    // MARK: Events, on the event loop

    func received(_ message: [UInt8]) {
        for waiting in state.withLock({ state in
            state.messages.append(message)
            return state.takeReaders()
        }) { waiting.resume() }
    }

    func receivedLast() {
        for waiting in state.withLock({ state in
            state.messages.close()
            return state.takeReaders()
        }) { waiting.resume() }
    }

    func becameWritable() {
        for waiting in state.withLock({ state in
            state.isWritable = true
            return state.takeWriters()
        }) { waiting.resume() }
    }

    func cancel(_ reason: ServiceError) {
        let (task, readers, writers) = state.withLock { state in
            state.cancellation = reason
            return (state.task, state.takeReaders(), state.takeWriters())
        }
        for waiting in readers { waiting.resume() }
        for waiting in writers { waiting.resume() }
        task?.cancel()
    }

    // MARK: Waiting, in the task

    /// The next message of a streamed request; `nil` after the last one.
    func nextMessage() async throws(ServiceError) -> [UInt8]? {
        while true {
            switch try state.withLock({ state throws(ServiceError) in try state.next() }) {
            case .message(let bytes):
                handle.consumed(message: bytes.count, self)
                return bytes
            case .end:
                return nil
            case .wait:
                if Task.isCancelled { throw ServiceError(.cancelled, "the task was cancelled") }
                await waitForMessage()
            }
        }
    }

    /// Returns when the host has signalled credit.
    func writable() async throws(ServiceError) {
        while true {
            let isWritable = try state.withLock { state throws(ServiceError) in
                if let cancellation = state.cancellation { throw cancellation }
                if state.isEnded { throw ServiceError(.cancelled, "the request is ended") }
                defer { state.isWritable = false }
                return state.isWritable
            }
            if isWritable { return }
            if Task.isCancelled { throw ServiceError(.cancelled, "the task was cancelled") }
            await waitForCredit()
        }
    }

    // A cancelled task stops waiting by itself: the flag is set before `onCancel` runs, so either the flag is seen
    // under the lock, or `onCancel` finds the continuation in the list.

    private func waitForMessage() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    let waits = state.hasNothingToTell && !Task.isCancelled
                    if waits { state.readers.append(continuation) }
                    return waits
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            for waiting in state.withLock({ $0.takeReaders() }) { waiting.resume() }
        }
    }

    private func waitForCredit() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    let waits = !state.isWritable && !state.isOver && !Task.isCancelled
                    if waits { state.writers.append(continuation) }
                    return waits
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            for waiting in state.withLock({ $0.takeWriters() }) { waiting.resume() }
        }
    }
}

/// The messages of a streamed request that were not read yet. The client's credit bounds their size.
struct UnreadMessages {
    private var messages: [[UInt8]] = []
    private var taken = 0
    /// The client has sent its last message.
    private(set) var isClosed = false

    var isEmpty: Bool { taken == messages.count }

    mutating func append(_ message: [UInt8]) { messages.append(message) }

    mutating func close() { isClosed = true }

    mutating func take() -> [UInt8]? {
        guard taken < messages.count else { return nil }
        defer {
            taken += 1
            if taken == messages.count {
                messages.removeAll(keepingCapacity: true)
                taken = 0
            }
        }
        var message: [UInt8] = []
        swap(&message, &messages[taken])
        return message
    }
}
