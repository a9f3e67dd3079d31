public import ArticleProtocol
internal import Synchronization

/// The way to a request's answer. Whoever has it answers exactly once: the functions that end the request consume it, and
/// one that is dropped without an answer tells the client `internal`.
///
/// It may be used on any thread; away from the request's event loop the bytes are copied and sent from there. Where the
/// answer comes from a callback, turn it into a ``PendingResponse``.
public struct Responder: ~Copyable, Sendable {
    let handle: RequestHandle
    /// Of a request that is handled in a task; `nil` while it is offered to `answer`.
    let state: CallState?
    private var isOpen = true

    init(_ handle: RequestHandle, state: CallState? = nil) {
        self.handle = handle
        self.state = state
    }

    deinit {
        guard isOpen else { return }
        if let state { state.drop() } else { handle.fail(.unanswered) }
    }

    /// Gives up the right to answer without making use of it.
    consuming func disarm() { isOpen = false }

    /// Ends the request with its one response message, which lies in up to four parts, to be put behind each other.
    ///
    /// - Parameter checksum: CRC-32C of all parts together, if it is known already: it goes into the frame then, and a
    ///   byte that flipped since is found by the client.
    ///
    /// A message larger than the client takes becomes `resourceExhausted`.
    public consuming func respond(
        _ first: RawSpan, _ second: RawSpan = RawSpan(), _ third: RawSpan = RawSpan(), _ fourth: RawSpan = RawSpan(),
        checksum: UInt32? = nil
    ) {
        isOpen = false
        handle.respond(first, second, third, fourth, checksum: checksum, state)
    }

    /// Ends the request with its one response message.
    public consuming func respond(_ message: borrowing some ProtocolMessage) {
        let bytes = message.encoded()
        respond(bytes.rawSpan)
    }

    /// Ends the request with an error.
    public consuming func fail(_ error: ServiceError) {
        isOpen = false
        handle.fail(error, state)
    }

    /// Ends a streamed response.
    public consuming func finish() {
        isOpen = false
        handle.finish(state)
    }

    /// Turns into something that a callback can keep, and answer from any thread.
    public consuming func pending() -> PendingResponse {
        isOpen = false
        return PendingResponse(handle, state)
    }
}

extension Responder {
    /// Ends the request with its one response message, encoded already.
    public consuming func respond(bytes: [UInt8]) { respond(bytes.rawSpan) }
}

extension Responder {
    /// Sends one message of a streamed response, and waits until the client has granted credit for it.
    ///
    /// Throws what ended the request if nobody is there to receive it (`cancelled`, `deadlineExceeded`, `unavailable`),
    /// `resourceExhausted` if the message is larger than the client takes. The request must be ended all the same, which
    /// throwing on from `handle` does.
    public func send(_ bytes: [UInt8]) async throws(ServiceError) {
        while true {
            let sent =
                handle.isCurrent
                ? handle.send(bytes.rawSpan, RawSpan(), RawSpan(), RawSpan(), checksum: nil)
                : await handle.sendFromLoop(bytes)
            if try isSent(sent) { return }
            try await writable()
        }
    }

    /// Sends one message of a streamed response, as ``send(_:)`` does.
    public func send(_ message: some ProtocolMessage) async throws(ServiceError) {
        try await send(message.encoded())
    }

    /// Sends one message of a streamed response if there is credit for it: from bytes that are lent, in up to four parts,
    /// without waiting. On the request's event loop alone, where `handle` runs unless an actor of the plugin's has it.
    ///
    /// - Returns: `false` if there is no credit; wait for ``writable()`` and try again.
    ///
    /// Throws as ``send(_:)`` does, and `internal` away from the event loop.
    public func sendNow(
        _ first: RawSpan, _ second: RawSpan = RawSpan(), _ third: RawSpan = RawSpan(), _ fourth: RawSpan = RawSpan(),
        checksum: UInt32? = nil
    ) throws(ServiceError) -> Bool {
        guard handle.isCurrent else { throw ServiceError(.internal, "sendNow was called away from the event loop") }
        return try isSent(handle.send(first, second, third, fourth, checksum: checksum))
    }

    /// Waits until the client has granted credit. Throws what ended the request if that comes first.
    public func writable() async throws(ServiceError) {
        guard let state else { throw ServiceError(.internal, "a streamed response needs a task: answer it in handle") }
        try await state.writable()
    }

    private func isSent(_ sent: RequestHandle.Sent) throws(ServiceError) -> Bool {
        switch sent {
        case .sent: return true
        case .blocked: return false
        case .gone: throw state?.cancellation ?? ServiceError(.cancelled, "nobody waits for the answer any more")
        case .tooLarge: throw ServiceError(.resourceExhausted, "a message is larger than the client takes")
        }
    }
}

/// An answer that comes from elsewhere: a callback of the storage, another thread. The first completion counts; one that
/// is let go without any tells the client `internal`.
public final class PendingResponse: Sendable {
    private let handle: RequestHandle
    private let state: CallState?
    private let isOpen = Atomic(true)
    /// What is to be sent, on its way to the loop.
    private let result = Mutex<Result<[UInt8], ServiceError>?>(nil)

    init(_ handle: RequestHandle, _ state: CallState?) {
        self.handle = handle
        self.state = state
    }

    deinit {
        if isOpen.load(ordering: .relaxed) { handle.fail(.unanswered, state) }
    }

    /// Ends the request with an encoded message or an error; from any thread. Later calls do nothing.
    public func complete(_ result: Result<[UInt8], ServiceError>) {
        guard isOpen.exchange(false, ordering: .relaxed) else { return }
        if handle.isCurrent { return send(result) }
        self.result.withLock { $0 = result }
        // This goes to the loop itself: no memory is needed for the way.
        unsafe handle.schedule(Unmanaged.passRetained(self).toOpaque()) { response, _ in
            guard let response = unsafe response else { return }
            let arrived = unsafe Unmanaged<PendingResponse>.fromOpaque(response).takeRetainedValue()
            if let result = arrived.result.withLock({ $0.take() }) { arrived.send(result) }
        }
    }

    /// Ends the request with its one response message; from any thread.
    public func respond(_ message: some ProtocolMessage) { complete(.success(message.encoded())) }

    /// Ends the request with an error; from any thread.
    public func fail(_ error: ServiceError) { complete(.failure(error)) }

    /// On the loop.
    private func send(_ result: Result<[UInt8], ServiceError>) {
        switch result {
        case .success(let bytes):
            handle.respond(bytes.rawSpan, RawSpan(), RawSpan(), RawSpan(), checksum: nil, state)
        case .failure(let error):
            handle.fail(error, state)
        }
    }
}

extension ServiceError {
    /// What a client gets whose request a plugin has dropped.
    static var unanswered: ServiceError { ServiceError(.internal, "the handler did not answer") }
}
