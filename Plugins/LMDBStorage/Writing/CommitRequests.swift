internal import Synchronization

/// Readers that wait for the committer to commit: they need the tables as a whole, and not a record.
final class CommitRequests: Sendable {
    private struct State {
        var waiting: [WakeUp] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Adds one, and lets `wake` wake the committer.
    func wait(_ wake: () -> Void) {
        let isMade = WakeUp()
        let isClosed = state.withLock { state in
            if !state.isClosed { state.waiting.append(isMade) }
            return state.isClosed
        }
        if isClosed { return }
        wake()
        isMade.wait()
    }

    /// Whether anyone waits.
    var isEmpty: Bool { state.withLock { $0.waiting.isEmpty } }

    /// There is nothing that is not committed: those that wait go on.
    func fulfil() {
        for isMade in state.withLock({ state in
            defer { state.waiting = [] }
            return state.waiting
        }) { isMade.signal() }
    }

    /// Nobody commits any more.
    func close() {
        state.withLock { $0.isClosed = true }
        fulfil()
    }
}
