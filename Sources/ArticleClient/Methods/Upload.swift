import ArticleProtocol
import Synchronization

/// A streamed store under way: what has been sent and not been answered is kept, to be sent again on another connection.
///
/// One task feeds it, another reads the outcomes. `state` is what both see.
final class Upload: Sendable {
    /// How many articles, and how many bytes of them, are under way at most.
    static let mostUnanswered = 1024
    static let mostUnansweredBytes = 8 << 20

    struct Item: Sendable {
        let index: UInt64
        let message: [UInt8]
        /// To be sent again if it is not known whether it was stored: it does no harm, or the caller wants it so.
        let repeatable: Bool
        /// How often it was sent, and the answer was that the outcome is unknown.
        var unknownOutcomes = 0
        /// An earlier attempt may have stored it, whatever the last one is told.
        var mayBeStored = false
    }

    struct State: Sendable {
        /// The present stream; `nil` before the first article and when it is being renewed.
        var call: CallStream?
        /// What was sent on the present stream, by its index there; `nil`: answered.
        var sent: [Item?] = []
        /// How many of the first ones of `sent` were answered and dropped from it.
        var dropped: UInt64 = 0
        var unanswered = 0
        var unansweredBytes = 0
        /// How many articles were taken from the sequence.
        var count: UInt64 = 0
        /// The present stream was finished because the service wants to stop: what is still to come goes to the next one.
        var moving = false
        /// The sequence is at its end, or has failed.
        var complete = false
        var failure: (any Error)?
        /// Known without the service's word.
        var settled: [PutManyOutcome] = []
        /// Answered OUTCOME_UNKNOWN: to be sent again on the next stream.
        var again: [Item] = []
        var feeder: CheckedContinuation<Void, Never>?
        var renewal: Renewal
    }

    let client: ArticleClient
    let state: Mutex<State>
    /// What becomes of an article with a condition when it is not known whether it was stored.
    let repeatsConditional: Bool

    static let method = "store.putMany"

    init(client: ArticleClient, policy: CallPolicy) {
        self.client = client
        repeatsConditional = policy.retry == .idempotent
        let renewal = Renewal(policy, client.options)
        let call = client.open(Self.method, streamsResponse: true, policy: renewal.policy)
        state = Mutex(State(call: call, renewal: renewal))
    }

    /// Nobody is interested any more.
    func abandon() {
        let (call, feeder) = state.withLock { state in
            state.complete = true
            return (state.call, state.feeder.take())
        }
        call?.cancel()
        feeder?.resume()
    }
}
