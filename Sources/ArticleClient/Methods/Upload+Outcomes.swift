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
                    try end()  // what is settled is still to be told
                    continue
                }
                let (outcome, feeder) = try take(PutManyResult(message, of: Self.method))
                feeder?.resume()
                return outcome
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
                state.begin(client.open(Self.method, streamsResponse: true, policy: state.renewal.policy))
                if state.complete { state.call?.finish() }
                return state.feeder.take()
            }
            state.call = nil
            return nil as CheckedContinuation<Void, Never>?
        }
        feeder?.resume()
    }

    private func take(
        _ result: PutManyResult
    ) throws(ClientError) -> (PutManyOutcome, CheckedContinuation<Void, Never>?) {
        try state.withLock { state throws(ClientError) in
            guard result.index >= state.dropped, let place = Int(exactly: result.index - state.dropped),
                place < state.sent.count, let item = state.sent[place]
            else {
                throw .violation("\(Self.method): an outcome for article \(result.index), which was not under way")
            }
            state.answered(place, item)
            state.renewal.progressed()
            state.moveIfLeaving()
            let feeder = state.hasRoom ? state.feeder.take() : nil
            if let status = result.status {
                return (PutManyOutcome(index: item.index, result: .failure(.status(status, of: Self.method))), feeder)
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
            let unanswered = state.sent.compactMap { $0 }
            let call = client.open(Self.method, streamsResponse: true, policy: state.renewal.policy)
            state.begin(call)
            for item in unanswered {
                if item.repeatable {
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
        unanswered = 0
        unansweredBytes = 0
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
