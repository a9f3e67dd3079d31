/// A request as ``Handler/answer(_:_:)`` sees it: lent, its bytes still in the connection's buffer.
public struct Request: ~Copyable, ~Escapable {
    /// Which of the descriptor's methods, from 0.
    public let method: Int
    /// The encoded request message. Empty for a streamed request, whose messages come later: see ``Call/messages``.
    public let payload: RawSpan
    /// Its number, unique in this process; the journal names it.
    public let id: UInt64
    /// When its answer is of no use any more, if ever.
    public let deadline: Deadline?
    /// Who sent it.
    public let peer: Peer
    /// Whether the client sends further messages.
    public let isStreamed: Bool

    @_lifetime(copy payload)
    init(method: Int, payload: RawSpan, id: UInt64, deadline: Deadline?, peer: Peer, isStreamed: Bool) {
        self.method = method
        self.payload = payload
        self.id = id
        self.deadline = deadline
        self.peer = peer
        self.isStreamed = isStreamed
    }
}
