import ArticleProtocol
import Synchronization

/// The side that takes articles from the caller's sequence.
extension Upload {
    func feed<Requests: AsyncSequence>(_ requests: Requests) async where Requests.Element == PutRequest {
        do {
            for try await request in requests {
                guard await admit(request) else { return }
            }
            finish(nil)
        } catch {
            finish(error)
        }
    }

    /// Sends one article once there is room for it. False: nobody is interested any more.
    private func admit(_ request: PutRequest) async -> Bool {
        var request = request
        request.article = request.article?.named()
        let message: [UInt8]
        do throws(ClientError) {
            message = try request.encodedWithinLimits(Self.method)
        } catch {
            // It is this article's outcome alone: the others go on.
            return state.withLock { state in
                if state.complete { return false }
                state.settled.append(PutManyOutcome(index: state.count, result: .failure(error)))
                state.count += 1
                return true
            }
        }
        while !Task.isCancelled {
            await waitForRoom()
            let (sent, call): (Bool, CallStream?) = state.withLock { state in
                guard !state.complete, state.hasRoom else { return (false, nil) }
                let repeatable = request.expectedRevision == nil || repeatsConditional
                state.send(Item(index: state.count, message: message, repeatable: repeatable))
                state.count += 1
                state.moveIfLeaving()
                return (true, state.call)
            }
            if sent {
                // A failure of the stream is the reader's to mend: what was not answered is sent again.
                try? await call?.roomForMore()
                return true
            }
            if state.withLock({ $0.complete }) { return false }
        }
        return false
    }

    private func waitForRoom() async {
        guard state.withLock({ !$0.hasRoom }) else { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = state.withLock { state in
                    if state.hasRoom || Task.isCancelled { return true }
                    state.feeder = continuation
                    return false
                }
                if now { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.feeder.take() }?.resume()
        }
    }

    private func finish(_ error: (any Error)?) {
        let call = state.withLock { state in
            state.complete = true
            if state.failure == nil { state.failure = error }
            return state.call
        }
        if error == nil { call?.finish() } else { call?.cancel() }
    }
}

extension Upload.State {
    var hasRoom: Bool {
        if complete { return true }
        if moving { return false }
        return unanswered == 0
            || (unanswered < Upload.mostUnanswered && unansweredBytes < Upload.mostUnansweredBytes)
    }

    /// If the service wants to stop, the present stream is finished, so that it need not wait for an upload that can go on
    /// with another one.
    mutating func moveIfLeaving() {
        if !complete, call?.isLeaving == true { move() }
    }

    /// Finishes the present stream; what is still to be sent goes to the next one.
    mutating func move() {
        guard !moving else { return }
        moving = true
        call?.finish()
    }

    /// Counts the article as under way, and hands it to the present stream. The order on the stream is that of `sent`,
    /// as both happen under the lock.
    mutating func send(_ item: Upload.Item) {
        unanswered += 1
        unansweredBytes += item.message.count
        sent.append(item)
        try? call?.enqueue(item.message)  // if the stream is over, the reader learns why, and renews it
    }
}
