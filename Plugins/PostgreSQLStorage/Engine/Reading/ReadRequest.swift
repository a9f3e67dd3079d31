// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import LinuxRuntime
internal import Synchronization

/// What is to be read, and the task that waits for its rows.
final class ReadRequest: Sendable {
    enum Subject: Sendable {
        /// The article with this id. Such requests share a query, so there may be others' rows, too.
        case article(ArticleID)
        case queries([Query])
    }

    typealias Answer = Result<[Rows], ServiceError>

    private struct State {
        /// A replica may answer.
        var mayBeStale: Bool
        var waiting: CheckedContinuation<Answer, Never>?
        var ended: Answer?
    }

    let subject: Subject
    /// What fails if they do: "cannot read an article".
    let purpose: String
    /// ``MonotonicClock``.
    let queuedAt = MonotonicClock.now
    private let state: Mutex<State>

    init(_ subject: Subject, _ purpose: String, mayBeStale: Bool) {
        self.subject = subject
        self.purpose = purpose
        state = Mutex(State(mayBeStale: mayBeStale))
    }

    /// A replica may answer.
    var mayBeStale: Bool { state.withLock { $0.mayBeStale } }

    /// A replica could not answer. The primary can.
    func requirePrimary() { state.withLock { $0.mayBeStale = false } }

    /// Keeps the continuation until the request ends. If it has ended, resumes it.
    func begin(_ continuation: CheckedContinuation<Answer, Never>) {
        let ended = state.withLock { state in
            if state.ended == nil { state.waiting = continuation }
            return state.ended
        }
        if let ended { continuation.resume(returning: ended) }
    }

    /// Ends the wait, unless it has ended.
    func end(_ answer: Answer) {
        let waiting = state.withLock { state in
            guard state.ended == nil else { return nil as CheckedContinuation<Answer, Never>? }
            state.ended = answer
            return state.waiting.take()
        }
        waiting?.resume(returning: answer)
    }

    /// Nobody waits any more.
    var hasEnded: Bool { state.withLock { $0.ended != nil } }
}
