import ArticleProtocol

/// What a frame from the service asks of the connection that received it.
enum ReceivedAction: Equatable {
    /// Nothing: an unknown kind, or a race that the protocol allows.
    case none
    /// The handshake is done.
    case opened(ServerHello)
    /// The payload is a message for the stream's caller; `last`: the stream is over and its id free.
    case message(stream: UInt32, last: Bool)
    /// The stream ended well, without a further message.
    case ended(stream: UInt32)
    /// The stream ended with an error.
    case failed(stream: UInt32, Status)
    /// The payload's checksum is wrong. `last`: the stream is over and its id free; else a CANCEL is due.
    case damaged(stream: UInt32, last: Bool)
    /// The stream's caller had gone already; its id is free now.
    case released(stream: UInt32)
    /// More may be sent on the stream.
    case credit(stream: UInt32)
    /// The payload is to be sent back as a PONG.
    case ping
    /// No new requests on this connection.
    case goAway(Status)
}
