// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime
import Synchronization

/// Reads articles from the caller's sequence and sends them.
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

    /// Sends one article when there is room for it. False: the upload has ended.
    private func admit(_ request: PutRequest) async -> Bool {
        var request = request
        request.article = request.article?.named()
        let message: [UInt8]
        do throws(ClientError) {
            message = try request.encodedWithinLimits(Self.method)
        } catch {
            // This is the outcome of this article only. The others continue.
            return state.withLock { state in
                if state.complete { return false }
                state.settled.append(PutManyOutcome(index: state.count, result: .failure(error)))
                state.count += 1
                // Nothing else would wake the reader, for whose outcomes the sequence may wait.
                if state.unanswered == 0 { state.replaceStream() }
                return true
            }
        }
        while !Task.isCancelled {
            await waitForRoom()
            let (sent, call): (Bool, CallStream?) = state.withLock { state in
                guard !state.complete, state.hasRoom else { return (false, nil) }
                let retryable = request.expectedRevision == nil || retriesConditional
                state.send(Item(index: state.count, message: message, retryable: retryable))
                state.count += 1
                state.replaceStreamIfDue()
                return (true, state.call)
            }
            if sent {
                // The reader handles a failure of the stream: it sends unanswered articles again.
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
        if isReplacingStream { return false }
        return unanswered == 0
            || (unanswered < Upload.maxUnanswered && unansweredBytes < Upload.maxUnansweredBytes)
    }

    /// Finishes the current stream if the service is stopping, so that it need not wait for an upload that can continue
    /// on another stream; and long before its deadline, which would leave the outcome of what is in flight open.
    mutating func replaceStreamIfDue() {
        if !complete, call?.isDraining == true || MonotonicClock.now >= replacementTime { replaceStream() }
    }

    /// Finishes the current stream. Further articles go to the next one.
    mutating func replaceStream() {
        guard !isReplacingStream else { return }
        isReplacingStream = true
        call?.finish()
    }

    /// Counts the article as in flight and sends it on the current stream. The order on the stream is the order in
    /// `sent`, because both happen under the lock.
    mutating func send(_ item: Upload.Item) {
        unanswered += 1
        unansweredBytes += item.message.count
        sent.append(item)
        try? call?.enqueue(item.message)  // if the stream has ended, the reader learns why and opens another
    }
}
