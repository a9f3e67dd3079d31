// SPDX-License-Identifier: Apache-2.0
import LinuxRuntime
import Synchronization

/// Passes submissions from tasks to the I/O thread. The thread takes them in batches, and is woken only if it sleeps.
final class Mailbox: Sendable {
    enum Submission: Sendable {
        case start(Exchange)
        /// The call has something to send.
        case outgoing(Exchange)
        /// The caller consumed this many bytes of the response.
        case credit(Exchange, Int)
        /// The caller no longer waits.
        case cancel(Exchange)
        /// The addresses of the endpoint with this index.
        case resolved(Int, Result<[SocketAddress], ClientError>)
        /// Accept no new calls. Calls in flight may finish until the deadline. `nil`: nobody waits for the end.
        case close(deadline: UInt64, CheckedContinuation<Void, Never>?)
    }

    private struct State: Sendable {
        var submissions: [Submission] = []
        var sleeping = false
        /// The I/O thread has ended, or never started.
        var gone = false
        var failure: ClientError?
    }

    private let state = Mutex(State())
    /// Wakes the I/O thread. `nil`: the client cannot start.
    private let event: EventDescriptor?

    init() {
        do {
            event = try EventDescriptor()
        } catch {
            event = nil
            fail(.cannotStart(error))
        }
    }

    /// For the I/O thread, at its start: has the poller report submissions under this token.
    func watch(with poller: borrowing Poller, token: UInt64) throws(SystemError) {
        try event?.watch(with: poller, token: token)
    }

    /// Why the client could not start.
    var failure: ClientError? { state.withLock { $0.failure } }

    /// Makes all calls fail with this error, because the client cannot start.
    func fail(_ error: ClientError) {
        let late = state.withLock { state in
            state.gone = true
            state.failure = error
            defer { state.submissions = [] }
            return state.submissions
        }
        for submission in late {
            switch submission {
            case .start(let exchange): for woken in exchange.end(.failure(error)) ?? [] { woken.resume() }
            case .close(_, let continuation): continuation?.resume()
            case .outgoing, .credit, .cancel, .resolved: break
            }
        }
    }

    /// False: the client is closed and ignores the submission.
    @discardableResult
    func submit(_ submission: Submission) -> Bool {
        var wake = false
        let taken = state.withLock { state in
            guard !state.gone else { return false }
            state.submissions.append(submission)
            wake = state.sleeping
            state.sleeping = false
            return true
        }
        if wake { event?.signal() }
        return taken
    }

    /// For the I/O thread: swaps the submissions with an empty array.
    func take(into taken: inout [Submission]) {
        taken.removeAll(keepingCapacity: true)
        state.withLock { state in
            state.sleeping = false
            swap(&state.submissions, &taken)
        }
    }

    /// For the I/O thread: whether it may sleep. After that, a submission wakes it.
    func prepareToSleep() -> Bool {
        state.withLock { state in
            guard state.submissions.isEmpty else { return false }
            state.sleeping = true
            return true
        }
    }

    func clearWakeUp() { event?.clear() }

    /// For the I/O thread, at its end: accepts no more submissions, and returns the last ones.
    func retire() -> [Submission] {
        state.withLock { state in
            state.gone = true
            defer { state.submissions = [] }
            return state.submissions
        }
    }
}
