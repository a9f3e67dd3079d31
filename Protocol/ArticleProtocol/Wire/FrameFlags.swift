/// A frame's flags. A bit that is not named here is an error of the protocol.
@frozen
public struct FrameFlags: OptionSet, Sendable, Hashable {
    /// The byte on the wire.
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// On REQUEST and MESSAGE: the last message of this side.
    @inlinable public static var end: FrameFlags { FrameFlags(rawValue: 1) }
    /// On REQUEST: a `CallOptions`, with its length as a varint before it, stands before the message.
    @inlinable public static var options: FrameFlags { FrameFlags(rawValue: 2) }
}
