public import ArticleProtocol

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
