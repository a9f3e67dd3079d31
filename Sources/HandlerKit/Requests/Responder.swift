// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol
internal import Synchronization

/// The right to answer a request, exactly once.
///
/// The functions that end the request consume the responder. If it is dropped without an answer, the client gets
/// `internal`.
///
/// It may be used on any thread. Away from the request's event loop, the bytes are copied and sent from there. If the
/// answer comes from a callback, turn the responder into a ``PendingResponse``.
public struct Responder: ~Copyable, Sendable {
    let handle: RequestHandle
    /// Set if the request is handled in a task; `nil` while it is offered to `answer`.
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

    /// Gives up the right to answer.
    consuming func disarm() { isOpen = false }

    /// Ends the request with its single response message, given in up to four parts that are joined.
    ///
    /// A message that is larger than the client accepts becomes `resourceExhausted`.
    ///
    /// - Parameters:
    ///   - first: the first part.
    ///   - second: the second part.
    ///   - third: the third part.
    ///   - fourth: the fourth part.
    ///   - checksum: the CRC-32C of all parts together, if it is known. It is put into the frame, so that the client
    ///     detects bytes that have changed since it was computed.
    public consuming func respond(
        _ first: RawSpan, _ second: RawSpan = RawSpan(), _ third: RawSpan = RawSpan(), _ fourth: RawSpan = RawSpan(),
        checksum: UInt32? = nil
    ) {
        isOpen = false
        handle.respond(first, second, third, fourth, checksum: checksum, state)
    }

    /// Ends the request with its single response message.
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

    /// Turns the responder into an object that a callback can keep and use on any thread.
    public consuming func pending() -> PendingResponse {
        isOpen = false
        return PendingResponse(handle, state)
    }
}

extension Responder {
    /// Ends the request with its single response message, already encoded.
    public consuming func respond(bytes: [UInt8]) { respond(bytes.rawSpan) }
}

extension Responder {
    /// Sends one encoded message of a streamed response, after waiting for the client to grant credit.
    ///
    /// May be called on any thread.
    ///
    /// - Throws: why there is no receiver any more (`cancelled`, `deadlineExceeded`, `unavailable`), or
    ///   `resourceExhausted` if the message is larger than the client accepts. The request must still be ended;
    ///   letting the error leave `handle` does that.
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

    /// Sends one message of a streamed response, as `send` does for an encoded one.
    public func send(_ message: some ProtocolMessage) async throws(ServiceError) {
        try await send(message.encoded())
    }

    /// Sends one message of a streamed response without waiting, if there is credit.
    ///
    /// The message is given in up to four lent parts, which are joined. Only for the request's event loop, on which
    /// `handle` runs unless it is on an actor of the plugin.
    ///
    /// - Parameters:
    ///   - first: the first part.
    ///   - second: the second part.
    ///   - third: the third part.
    ///   - fourth: the fourth part.
    ///   - checksum: the CRC-32C of all parts together, if it is known.
    /// - Returns: `false` if there is no credit: wait for ``writable()`` and try again.
    /// - Throws: as `send` does; `internal` away from the event loop.
    public func sendNow(
        _ first: RawSpan, _ second: RawSpan = RawSpan(), _ third: RawSpan = RawSpan(), _ fourth: RawSpan = RawSpan(),
        checksum: UInt32? = nil
    ) throws(ServiceError) -> Bool {
        guard handle.isCurrent else {
            throw ServiceError(.internal, "sendNow was called on another thread than the event loop")
        }
        return try isSent(handle.send(first, second, third, fourth, checksum: checksum))
    }

    /// Waits until the client has granted credit.
    ///
    /// - Throws: why the request ended, if that comes first; `internal` if the request is not handled in a task.
    public func writable() async throws(ServiceError) {
        guard let state else { throw ServiceError(.internal, "a streamed response needs a task: send it from handle") }
        try await state.writable()
    }

    private func isSent(_ sent: RequestHandle.Sent) throws(ServiceError) -> Bool {
        switch sent {
        case .sent: return true
        case .blocked: return false
        case .gone: throw state?.cancellation ?? ServiceError(.cancelled, "the answer is no longer needed")
        case .tooLarge: throw ServiceError(.resourceExhausted, "a message is larger than the client accepts")
        }
    }
}

/// An answer that comes from elsewhere: a callback of the storage, or another thread.
///
/// All functions may be called on any thread. Only the first completion counts. If the object is released without
/// one, the client gets `internal`.
public final class PendingResponse: Sendable {
    private let handle: RequestHandle
    private let state: CallState?
    private let isOpen = Atomic(true)
    /// The answer on its way to the loop.
    private let result = Mutex<Result<[UInt8], ServiceError>?>(nil)

    init(_ handle: RequestHandle, _ state: CallState?) {
        self.handle = handle
        self.state = state
    }

    deinit {
        if isOpen.load(ordering: .relaxed) { handle.fail(.unanswered, state) }
    }

    /// Ends the request with an encoded message or an error. Later calls do nothing.
    public func complete(_ result: Result<[UInt8], ServiceError>) {
        guard isOpen.exchange(false, ordering: .relaxed) else { return }
        if handle.isCurrent { return send(result) }
        self.result.withLock { $0 = result }
        // This object itself is scheduled, which needs no further allocation.
        unsafe handle.schedule(Unmanaged.passRetained(self).toOpaque()) { response, _ in
            guard let response = unsafe response else { return }
            let arrived = unsafe Unmanaged<PendingResponse>.fromOpaque(response).takeRetainedValue()
            if let result = arrived.result.withLock({ $0.take() }) { arrived.send(result) }
        }
    }

    /// Ends the request with its single response message.
    public func respond(_ message: some ProtocolMessage) { complete(.success(message.encoded())) }

    /// Ends the request with an error.
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
    /// The answer to a request that a plugin has dropped.
    static var unanswered: ServiceError { ServiceError(.internal, "the handler did not answer") }
}
