// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime
import Synchronization

/// Reads the outcomes.
extension Upload {
    func next() async throws -> PutManyOutcome? {
        while true {
            let (settled, call) = state.withLock { ($0.settled.popLast(), $0.call) }
            if let settled { return settled }
            guard let call else {
                if let failure = state.withLock({ $0.failure }) { throw failure }
                return nil
            }
            do throws(ClientError) {
                guard let message = try await call.next() else {
                    if state.withLock({ $0.failure != nil }) { throw .cancelled(Self.method) }  // for that reason
                    // The disk may have recovered after a pause.
                    if let pause = state.withLock({ $0.pause(client.options) }) { try? await Task.sleep(for: pause) }
                    try end()  // settled outcomes are still to be returned
                    continue
                }
                let (outcome, feeder) = try take(PutManyResult(message, of: Self.method))
                feeder?.resume()
                if let outcome { return outcome }
            } catch {
                if let failure = state.withLock({ $0.failure }) { throw failure }
                try renew(after: error)
            }
        }
    }

    /// The stream has ended. So has the upload, or it continues on another stream.
    private func end() throws(ClientError) {
        let feeder = try state.withLock { state throws(ClientError) in
            guard state.complete || state.isReplacingStream, state.unanswered == 0 else {
                throw .violation(
                    "\(Self.method): the service ended the call with \(state.unanswered) articles unanswered")
            }
            if state.isReplacingStream {
                let resend = state.resend
                state.begin(client.openUpload(state.renewal.policy, avoiding: state.refusals))
                for item in resend { state.send(item) }
                if state.complete { state.call?.finish() }
                return state.feeder.take()
            }
            state.call = nil
            return nil as CheckedContinuation<Void, Never>?
        }
        feeder?.resume()
    }

    /// The outcome of an article, or `nil` if it is sent again; and the feeder, if there is room for another article.
    private func take(
        _ result: PutManyResult
    ) throws(ClientError) -> (PutManyOutcome?, CheckedContinuation<Void, Never>?) {
        try state.withLock { state throws(ClientError) in
            guard result.index >= state.dropped, let place = Int(exactly: result.index - state.dropped),
                place < state.sent.count, var item = state.sent[place]
            else {
                throw .violation("\(Self.method): an outcome for article \(result.index), which is not in flight")
            }
            state.answered(place, item)
            state.renewal.progressed()
            state.replaceStreamIfDue()
            let feeder = state.hasRoom ? state.feeder.take() : nil
            if let status = result.status {
                let isInDoubt = status.code == StatusCode.outcomeUnknown.rawValue
                if isInDoubt ? item.retryable : mayGoElsewhere(status) {
                    item.failures += 1
                    if isInDoubt { item.mayBeStored = true }
                    if item.failures < max(1, client.options.maxAttempts) {
                        state.resend.append(item)
                        if let upstream = state.call?.upstream { state.refusals |= 1 << UInt64(upstream) }
                        state.replaceStream()
                        return (nil, feeder)
                    }
                }
                let error = ClientError.status(status, of: Self.method).afterDoubt(item.mayBeStored)
                return (PutManyOutcome(index: item.index, result: .failure(error)), feeder)
            }
            guard let stored = result.result else {
                throw .violation("\(Self.method): an outcome with neither a result nor a status")
            }
            return (PutManyOutcome(index: item.index, result: .success(stored)), feeder)
        }
    }

    /// Nothing was changed, and another endpoint may be able to store the article.
    private func mayGoElsewhere(_ status: Status) -> Bool {
        client.endpoints.count > 1
            && [StatusCode.unavailable.rawValue, StatusCode.resourceExhausted.rawValue].contains(status.code)
    }

    /// Sends the unanswered articles again on a new stream.
    private func renew(after error: ClientError) throws(ClientError) {
        let feeder = try state.withLock { state throws(ClientError) in
            var unanswered = state.resend + state.sent.compactMap { $0 }
            if error.kind == .invalidRequest, let largest = unanswered.largest {
                // The service takes no message of that size. This is the outcome of this article only.
                let item = unanswered.remove(at: largest)
                state.settled.append(PutManyOutcome(index: item.index, result: .failure(error)))
            } else {
                guard state.renewal.allows(error, isIdle: unanswered.isEmpty) else {
                    throw error.afterDoubt(unanswered.contains { $0.mayBeStored })
                }
            }
            let call = client.openUpload(state.renewal.policy, avoiding: state.refusals)
            state.begin(call)
            for var item in unanswered {
                if item.retryable {
                    item.mayBeStored = true
                    state.send(item)
                    continue
                }
                let doubt = ClientError.connection(
                    "\(Self.method): \(error.message); this article may or may not be stored: fetch it",
                    mayHaveRun: true)
                state.settled.append(PutManyOutcome(index: item.index, result: .failure(doubt)))
            }
            if state.complete { call.finish() }
            return state.hasRoom ? state.feeder.take() : nil
        }
        feeder?.resume()
    }
}

extension [Upload.Item] {
    /// The index of the largest message.
    fileprivate var largest: Int? { indices.max { self[$0].message.count < self[$1].message.count } }
}

extension Upload.State {
    /// Makes this the current stream.
    fileprivate mutating func begin(_ call: CallStream) {
        self.call = call
        replacementTime = MonotonicClock.after(Upload.streamDuration)
        isReplacingStream = false
        sent = []
        dropped = 0
        resend = []
        refusals = 0
        unanswered = 0
        unansweredBytes = 0
    }

    /// How long to wait before articles are sent again; `nil` if there are none.
    fileprivate func pause(_ options: ClientOptions) -> Duration? {
        guard let times = resend.map(\.failures).max() else { return nil }
        var generator = SystemRandomNumberGenerator()
        var pause = Backoff(shortest: options.minBackoff, longest: options.maxBackoff)
        for _ in 1..<max(1, times) { _ = pause.failed(using: &generator) }
        return .nanoseconds(Int64(clamping: pause.failed(using: &generator)))
    }

    fileprivate mutating func answered(_ place: Int, _ item: Upload.Item) {
        unanswered -= 1
        unansweredBytes -= item.message.count
        sent[place] = nil
        guard place == 0 || sent.count > 2 * Upload.maxUnanswered else { return }
        let done = sent.firstIndex { $0 != nil } ?? sent.count
        // Removing from the front moves the rest, so it is done for many at a time.
        guard done == sent.count || done >= Upload.maxUnanswered else { return }
        sent.removeFirst(done)
        dropped += UInt64(done)
    }
}
