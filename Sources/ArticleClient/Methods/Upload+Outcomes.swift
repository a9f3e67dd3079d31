import ArticleProtocol
import Synchronization

/// The side that reads what became of the articles.
extension Upload {
    func next() async throws -> PutManyOutcome? {
        while true {
            let (settled, call) = state.withLock { ($0.settled.popLast(), $0.call) }
            if let settled { return settled }
            guard let call else { return nil }
            do throws(ClientError) {
                guard let message = try await call.next() else {
                    // The disk may be well again after a while.
                    if let pause = state.withLock({ $0.pause(client.options) }) { try? await Task.sleep(for: pause) }
                    try end()  // what is settled is still to be told
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

    /// The stream is over: the upload too, or it goes on with another one.
    private func end() throws(ClientError) {
        let feeder = try state.withLock { state throws(ClientError) in
            guard state.complete || state.moving, state.unanswered == 0 else {
                throw .violation(
                    "\(Self.method): the service ended the call with \(state.unanswered) articles unanswered")
            }
            if state.moving {
                let again = state.again
                state.begin(client.open(Self.method, streamsResponse: true, policy: state.renewal.policy))
                for item in again { state.send(item) }
                if state.complete { state.call?.finish() }
                return state.feeder.take()
            }
            state.call = nil
            return nil as CheckedContinuation<Void, Never>?
        }
        feeder?.resume()
    }

    /// What became of an article, unless it is sent again; and who waits for room for another one.
    private func take(
        _ result: PutManyResult
    ) throws(ClientError) -> (PutManyOutcome?, CheckedContinuation<Void, Never>?) {
        try state.withLock { state throws(ClientError) in
            guard result.index >= state.dropped, let place = Int(exactly: result.index - state.dropped),
                place < state.sent.count, var item = state.sent[place]
            else {
                throw .violation("\(Self.method): an outcome for article \(result.index), which was not under way")
            }
            state.answered(place, item)
            state.renewal.progressed()
            state.moveIfLeaving()
            let feeder = state.hasRoom ? state.feeder.take() : nil
            if let status = result.status {
                if status.code == StatusCode.outcomeUnknown.rawValue, item.repeatable {
                    item.unknownOutcomes += 1
                    item.mayBeStored = true
                    if item.unknownOutcomes < max(1, client.options.attempts) {
                        state.again.append(item)
                        state.move()
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

    /// Sends what was not answered again, on a new stream.
    private func renew(after error: ClientError) throws(ClientError) {
        let feeder = try state.withLock { state throws(ClientError) in
            guard state.renewal.allows(error) else { throw error }
            let unanswered = state.again + state.sent.compactMap { $0 }
            let call = client.open(Self.method, streamsResponse: true, policy: state.renewal.policy)
            state.begin(call)
            for var item in unanswered {
                if item.repeatable {
                    item.mayBeStored = true
                    state.send(item)
                    continue
                }
                let doubt = ClientError.connection(
                    "\(Self.method): \(error.message); whether this article was stored is not known: fetch it",
                    mayHaveRun: true)
                state.settled.append(PutManyOutcome(index: item.index, result: .failure(doubt)))
            }
            if state.complete { call.finish() }
            return state.hasRoom ? state.feeder.take() : nil
        }
        feeder?.resume()
    }
}

extension Upload.State {
    /// From now on everything goes to this stream.
    fileprivate mutating func begin(_ call: CallStream) {
        self.call = call
        moving = false
        sent = []
        dropped = 0
        again = []
        unanswered = 0
        unansweredBytes = 0
    }

    /// How long to wait before what was answered OUTCOME_UNKNOWN is sent again.
    fileprivate func pause(_ options: ClientOptions) -> Duration? {
        guard let times = again.map(\.unknownOutcomes).max() else { return nil }
        var generator = SystemRandomNumberGenerator()
        var pause = Backoff(shortest: options.shortestPause, longest: options.longestPause)
        for _ in 1..<max(1, times) { _ = pause.failed(using: &generator) }
        return .nanoseconds(Int64(clamping: pause.failed(using: &generator)))
    }

    fileprivate mutating func answered(_ place: Int, _ item: Upload.Item) {
        unanswered -= 1
        unansweredBytes -= item.message.count
        sent[place] = nil
        guard place == 0 || sent.count > 2 * Upload.mostUnanswered else { return }
        let done = sent.firstIndex { $0 != nil } ?? sent.count
        // Dropping from the front moves the rest: it is done for many at a time.
        guard done == sent.count || done >= Upload.mostUnanswered else { return }
        sent.removeFirst(done)
        dropped += UInt64(done)
    }
}
