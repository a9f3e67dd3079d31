// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Synchronization

/// The response side, for the calling task and the I/O thread.
extension Exchange {
    /// The next message of the response; `nil` at its end. One reader at a time. Cancelling the task cancels the call.
    func next(_ mailbox: Mailbox) async throws(ClientError) -> [UInt8]? {
        if Task.isCancelled { cancel(mailbox) }
        let delivery: Delivery
        if let ready = takeReady() {
            delivery = ready
        } else {
            delivery = await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    if let ready = wait(continuation) { continuation.resume(returning: ready) }
                }
            } onCancel: {
                cancel(mailbox)
            }
        }
        switch delivery {
        case .message(let message):
            if shape.streamsResponse { grant(message.count + Limits.messageOverhead, mailbox) }
            return message
        case .end: return nil
        case .failure(let error): throw error
        }
    }

    /// Ends the call for the caller at once. The I/O thread then tells the service.
    func cancel(_ mailbox: Mailbox) {
        let resumptions = end(.failure(.cancelled(method)))
        guard let resumptions else { return }
        mailbox.submit(.cancel(self))
        for resumption in resumptions { resumption.resume() }
    }

    /// Delivers a message. Returns the task that waits for it, if any.
    func deliver(_ message: [UInt8]) -> Resumption? {
        shared.withLock { shared in
            guard shared.outcome == nil else { return nil }  // the caller has just cancelled
            guard let reader = shared.reader.take() else {
                shared.arrived.append(message)
                return nil
            }
            return .reader(reader, .message(message))
        }
    }

    /// Ends the call. Returns the tasks that wait for it; `nil` if it had ended already. Messages that have arrived
    /// stay readable, except after a cancellation.
    func end(_ outcome: Delivery) -> [Resumption]? {
        shared.withLock { shared in
            guard shared.outcome == nil else { return nil }
            shared.outcome = outcome
            var failure: ClientError?
            if case .failure(let error) = outcome {
                failure = error
                if error.kind == .cancelled { shared.arrived.removeAll() }
            }
            shared.outgoing.removeAll()
            var resumptions: [Resumption] = []
            if let reader = shared.reader.take() { resumptions.append(.reader(reader, outcome)) }
            for writer in shared.writers {
                resumptions.append(.writer(writer, failure ?? .misuse("\(method) has ended: nothing more can be sent")))
            }
            shared.writers.removeAll()
            return resumptions
        }
    }

    private func takeReady() -> Delivery? {
        shared.withLock { $0.takeReady() }
    }

    /// Stores the continuation for the I/O thread, unless a message is ready.
    private func wait(_ continuation: CheckedContinuation<Delivery, Never>) -> Delivery? {
        shared.withLock { shared in
            if let ready = shared.takeReady() { return ready }
            guard shared.reader == nil else {
                return .failure(.misuse("two tasks read the response of one call to \(method); only one may"))
            }
            shared.reader = continuation
            return nil
        }
    }

    private func grant(_ count: Int, _ mailbox: Mailbox) {
        let due = shared.withLock { shared in
            guard shared.outcome == nil else { return 0 }
            shared.taken += count
            guard shared.taken >= creditStep else { return 0 }
            defer { shared.taken = 0 }
            return shared.taken
        }
        if due > 0 { mailbox.submit(.credit(self, due)) }
    }
}

extension Exchange.Shared {
    fileprivate mutating func takeReady() -> Delivery? {
        if let message = arrived.popFirst() { return .message(message) }
        return outcome
    }
}
