import LinuxRuntime
import Synchronization

/// How tasks talk to the I/O thread: what they submit is taken in one go, and the thread is woken only if it sleeps.
final class Mailbox: Sendable {
    enum Submission: Sendable {
        case start(Exchange)
        /// The call has something to send.
        case outgoing(Exchange)
        /// The caller took so many bytes of the answer.
        case credit(Exchange, Int)
        /// The caller has gone.
        case cancel(Exchange)
        /// No new calls; what is in flight may finish until the given time. `nil`: nobody waits for it.
        case close(deadline: UInt64, CheckedContinuation<Void, Never>?)
    }

    private struct State: Sendable {
        var submissions: [Submission] = []
        var sleeping = false
        /// The I/O thread has ended, or never began.
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
            refuse(.cannotStart(error))
        }
    }

    /// For the I/O thread, at its start: has the poller report submissions under this token.
    func watch(with poller: borrowing Poller, token: UInt64) throws(SystemError) {
        try event?.watch(with: poller, token: token)
    }

    /// Why the client could not start.
    var failure: ClientError? { state.withLock { $0.failure } }

    /// The client cannot start: all calls fail with this.
    func refuse(_ error: ClientError) {
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
            case .outgoing, .credit, .cancel: break
            }
        }
    }

    /// False: the client has been closed, nobody will look at it.
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

    /// For the I/O thread: exchanges what was submitted for an empty array.
    func take(into taken: inout [Submission]) {
        taken.removeAll(keepingCapacity: true)
        state.withLock { state in
            state.sleeping = false
            swap(&state.submissions, &taken)
        }
    }

    /// For the I/O thread: whether it may sleep. From then on a submission wakes it.
    func fallAsleep() -> Bool {
        state.withLock { state in
            guard state.submissions.isEmpty else { return false }
            state.sleeping = true
            return true
        }
    }

    func clearWakeUp() { event?.clear() }

    /// For the I/O thread, at its end: nothing is taken any more. What came at the last moment is returned.
    func retire() -> [Submission] {
        state.withLock { state in
            state.gone = true
            defer { state.submissions = [] }
            return state.submissions
        }
    }
}
