/// What a frame is; see PROTOCOL.md, "Kinds". A kind that is not known is skipped with its payload.
@frozen
public struct FrameKind: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The byte on the wire.
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The first frame, both ways.
    @inlinable public static var hello: FrameKind { FrameKind(rawValue: 1) }
    /// The client opens a stream.
    @inlinable public static var request: FrameKind { FrameKind(rawValue: 2) }
    /// A message of a stream, either way.
    @inlinable public static var message: FrameKind { FrameKind(rawValue: 3) }
    /// The server ends a stream with a `Status`.
    @inlinable public static var error: FrameKind { FrameKind(rawValue: 4) }
    /// The client does not want the answer any more.
    @inlinable public static var cancel: FrameKind { FrameKind(rawValue: 5) }
    /// More bytes of a stream's messages may be sent.
    @inlinable public static var credit: FrameKind { FrameKind(rawValue: 6) }
    /// Asks for a PONG with the same payload.
    @inlinable public static var ping: FrameKind { FrameKind(rawValue: 7) }
    /// Answers a PING.
    @inlinable public static var pong: FrameKind { FrameKind(rawValue: 8) }
    /// No new requests on this connection.
    @inlinable public static var goAway: FrameKind { FrameKind(rawValue: 9) }
    /// This side of a stream is complete, without a last message.
    @inlinable public static var end: FrameKind { FrameKind(rawValue: 10) }

    private static let names = [
        "HELLO", "REQUEST", "MESSAGE", "ERROR", "CANCEL", "CREDIT", "PING", "PONG", "GO_AWAY", "END",
    ]

    public var description: String {
        let index = Int(rawValue) - 1
        return Self.names.indices.contains(index) ? Self.names[index] : "kind \(rawValue)"
    }
}
