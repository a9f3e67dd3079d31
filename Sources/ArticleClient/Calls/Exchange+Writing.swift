// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The request side of a call with a streamed request.
extension Exchange {
    /// How many bytes may wait for credit or for the socket before the sender is suspended.
    static let outgoingBytes = 128 << 10

    /// Passes a message to the I/O thread.
    func enqueue(_ message: [UInt8], _ mailbox: Mailbox) throws(ClientError) {
        var announce = false
        let refusal = shared.withLock { shared in
            if let refusal = shared.refusal(method) { return refusal as ClientError? }
            shared.outgoing.append(message)
            announce = shared.announce()
            return nil
        }
        if announce { mailbox.submit(.outgoing(self)) }
        if let refusal { throw refusal }
    }

    /// Suspends while too many bytes wait for the I/O thread. Cancelling the task cancels the call.
    func roomForMore(_ mailbox: Mailbox) async throws(ClientError) {
        if Task.isCancelled { cancel(mailbox) }
        if let room = shared.withLock({ $0.room }) {
            if let failure = room.failure { throw failure }
            return
        }
        let failure = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if let now = waitForRoom(continuation) { continuation.resume(returning: now.failure) }
            }
        } onCancel: {
            cancel(mailbox)
        }
        if let failure { throw failure }
    }

    /// Ends the request.
    func finishSending(_ mailbox: Mailbox) {
        let announce = shared.withLock { shared in
            guard shared.outcome == nil, !shared.complete else { return false }
            shared.complete = true
            return shared.announce()
        }
        if announce { mailbox.submit(.outgoing(self)) }
    }

    /// For the I/O thread: what to send next, if `allowed` by the stream's credit and the output buffer.
    func nextOutgoing(allowed: Bool) -> Outgoing {
        shared.withLock { shared in
            guard shared.outcome == nil else { return .nothing }
            if shared.outgoing.isEmpty {
                if shared.complete { return .end }
                shared.announced = false
                return .nothing
            }
            guard allowed, let message = shared.outgoing.popFirst() else { return .blocked }
            return .message(message, last: shared.complete && shared.outgoing.isEmpty)
        }
    }

    /// For the I/O thread, after it has taken messages: the senders that may continue.
    func roomMade() -> [Resumption] {
        shared.withLock { shared in
            guard !shared.writers.isEmpty, shared.outgoing.byteCount <= Self.outgoingBytes / 2 else { return [] }
            defer { shared.writers.removeAll(keepingCapacity: true) }
            return shared.writers.map { .writer($0, nil) }
        }
    }

    private func waitForRoom(_ continuation: CheckedContinuation<ClientError?, Never>) -> Room? {
        shared.withLock { shared in
            if let room = shared.room { return room }
            shared.writers.append(continuation)
            return nil
        }
    }
}

/// The sender need not wait: it may continue, or the call has failed.
private struct Room { let failure: ClientError? }

/// What a call has to send.
enum Outgoing {
    case message([UInt8], last: Bool)
    /// The last message went before it was known to be the last: an END frame is due.
    case end
    /// There is something to send, but not now.
    case blocked
    case nothing
}

extension Exchange.Shared {
    fileprivate func refusal(_ method: String) -> ClientError? {
        if case .failure(let error) = outcome { return error }
        if outcome != nil { return .misuse("\(method) has ended: nothing more can be sent") }
        return complete ? .misuse("\(method): a message was sent after the end of the request") : nil
    }

    fileprivate var room: Room? {
        if case .failure(let error) = outcome { return Room(failure: error) }
        return outcome != nil || outgoing.byteCount <= Exchange.outgoingBytes ? Room(failure: nil) : nil
    }

    fileprivate mutating func announce() -> Bool {
        defer { announced = true }
        return !announced
    }
}
