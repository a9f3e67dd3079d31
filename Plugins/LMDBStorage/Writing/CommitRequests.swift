internal import Synchronization

/// Readers that wait for the committer to commit: they need the tables as a whole, and not a record.
final class CommitRequests: Sendable {
    private struct State {
        var waiting: [Semaphore] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Adds one, if there is something to commit, and lets `wake` wake the committer.
    ///
    /// - Parameter isNeeded: asked so that whoever is added is still there for the ``fulfil()`` of that commit.
    func wait(if isNeeded: () -> Bool, wake: () -> Void) {
        let added: Semaphore? = state.withLock { state in
            guard !state.isClosed, isNeeded() else { return nil }
            let isMade = Semaphore()
            state.waiting.append(isMade)
            return isMade
        }
        guard let isMade = added else { return }
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
