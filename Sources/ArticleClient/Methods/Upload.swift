// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime
import Synchronization

/// A streamed upload. It keeps the unanswered articles, to send them again on another connection.
///
/// One task feeds it, another reads the outcomes. They share `state`.
final class Upload: Sendable {
    /// The limits of articles and bytes in flight.
    static let maxUnanswered = 1024
    static let maxUnansweredBytes = 8 << 20
    /// When another stream takes over. The service's deadline of a stream may be as short as this.
    static let streamDuration: Duration = .seconds(20)

    struct Item: Sendable {
        let index: UInt64
        let message: [UInt8]
        /// Whether to send it again if its outcome is unknown: that does no harm, or the caller wants it.
        let retryable: Bool
        /// How often the response was one that another attempt may improve.
        var failures = 0
        /// An earlier attempt may have stored it, whatever the response to the last attempt.
        var mayBeStored = false
    }

    struct State: Sendable {
        /// The current stream; `nil` at the end.
        var call: CallStream?
        /// The articles sent on the current stream, by index; `nil`: answered.
        var sent: [Item?] = []
        /// How many answered articles were removed from the front of `sent`.
        var dropped: UInt64 = 0
        var unanswered = 0
        var unansweredBytes = 0
        /// How many articles were read from the sequence.
        var count: UInt64 = 0
        /// The current stream was finished early. Further articles go to the next stream.
        var isReplacingStream = false
        /// When the current stream is to be finished early. CLOCK_MONOTONIC, nanoseconds.
        var replacementTime = MonotonicClock.after(Upload.streamDuration)
        /// The sequence has ended or failed.
        var complete = false
        var failure: (any Error)?
        /// Outcomes that the client decided itself.
        var settled: [PutManyOutcome] = []
        /// Answered with OUTCOME_UNKNOWN, or refused by one of several endpoints. They are sent again on the next stream.
        var resend: [Item] = []
        /// The endpoints that refused articles of the current stream, as a set of bits by index.
        var refusals: UInt64 = 0
        var feeder: CheckedContinuation<Void, Never>?
        var renewal: Renewal
    }

    let client: ArticleClient
    let state: Mutex<State>
    /// Whether to resend articles with a condition if their outcome is unknown.
    let retriesConditional: Bool

    static let method = "store.putMany"

    init(client: ArticleClient, policy: CallPolicy) {
        self.client = client
        retriesConditional = policy.retry == .idempotent
        let renewal = Renewal(policy, client)
        let call = client.openUpload(renewal.policy, avoiding: 0)
        state = Mutex(State(call: call, renewal: renewal))
    }

    /// Ends the upload. No further articles are read.
    func cancel() {
        let (call, feeder) = state.withLock { state in
            state.complete = true
            return (state.call, state.feeder.take())
        }
        call?.cancel()
        feeder?.resume()
    }
}
