// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Synchronization

/// A copy of the run's articles, kept by following the changes.
final class Mirror: Sendable {
    struct State: Sendable {
        var articles: [ArticleID: Article] = [:]
        var hasBegun = false
        var restarts = 0
        var lastSequence: UInt64 = 0
        var failure: ClientError?
    }

    private let state = Mutex(State())
    var now: State { state.withLock { $0 } }

    /// Follows until its task is cancelled. An error would be a fault: the client goes on by itself.
    func follow(_ client: ArticleClient, _ run: String, _ ledger: Ledger) async {
        do throws(ClientError) {
            for try await change in client.changes(from: .beginning, source: run) {
                let isInOrder = state.withLock { state in
                    defer { if change.sequence > 0 { state.lastSequence = change.sequence } }
                    switch change.event {
                    case .stored(let article): if let id = article.id { state.articles[id] = article }
                    case .deleted(let id), .outside(let id): state.articles[id] = nil
                    case .restarted:
                        state.articles = [:]
                        state.restarts += 1
                        state.lastSequence = 0
                        return true
                    case .caughtUp: state.hasBegun = true
                    case .unavailable(let id, let error):
                        state.failure = error
                        _ = id
                    case .advanced: break
                    }
                    return change.sequence == 0 || change.sequence > state.lastSequence
                }
                if !isInOrder { ledger.contradiction("change \(change.sequence) came after a later one") }
            }
        } catch {
            guard error.kind != .cancelled else { return }
            ledger.failed("watch", error)
            state.withLock { $0.failure = error }
        }
    }
}
