public import ArticleProtocol

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
