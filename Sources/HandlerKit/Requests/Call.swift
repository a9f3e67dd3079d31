public import ArticleProtocol

/// A request as ``Handler/handle(_:_:)`` sees it: its own, for as long as it takes.
public struct Call: Sendable {
    /// Which of the descriptor's methods, from 0.
    public let method: Int
    /// The encoded request message. Empty for a streamed request: see ``messages``.
    public let payload: [UInt8]
    /// Its number, unique in this process; the journal names it.
    public let id: UInt64
    /// When its answer is of no use any more, if ever. The task is cancelled then.
    public let deadline: Deadline?
    /// Who sent it.
    public let peer: Peer
    let state: CallState

    /// The messages of a streamed request, each encoded; none if it is not streamed. To be read once. What is not read
    /// yet holds the client back.
    public var messages: RequestMessages { RequestMessages(state: state) }

    /// Why nobody waits for the answer any more: `cancelled`, `deadlineExceeded`, `unavailable`. `nil` as long as somebody does.
    public var cancellation: ServiceError? { state.cancellation }
}
