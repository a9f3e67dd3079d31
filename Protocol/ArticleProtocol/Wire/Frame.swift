/// The 16 bytes before each payload, little-endian; see PROTOCOL.md, "Frames".
///
/// | offset | size | |
/// |---|---|---|
/// | 0 | 4 | length of the payload in bytes |
/// | 4 | 1 | kind |
/// | 5 | 1 | flags |
/// | 6 | 2 | method; 0 but in REQUEST |
/// | 8 | 4 | stream; 0 in frames that concern the connection |
/// | 12 | 4 | CRC-32C of the payload |
@frozen
public struct FrameHeader: Sendable, Equatable {
    /// Bytes on the wire.
    @inlinable public static var size: Int { 16 }

    /// Bytes of the payload, without the header.
    public var payloadLength: UInt32
    /// What the frame is.
    public var kind: FrameKind
    /// See `FrameFlags`.
    public var flags: FrameFlags
    /// In REQUEST the method's number, else 0.
    public var method: UInt16
    /// 0 in frames that concern the connection.
    public var stream: UInt32
    /// CRC-32C of the payload.
    public var checksum: UInt32

    @inlinable
    public init(
        payloadLength: UInt32, kind: FrameKind, flags: FrameFlags = [], method: UInt16 = 0, stream: UInt32 = 0,
        checksum: UInt32
    ) {
        self.payloadLength = payloadLength
        self.kind = kind
        self.flags = flags
        self.method = method
        self.stream = stream
        self.checksum = checksum
    }

    /// Reads a header.
    ///
    /// - Parameter source: `size` readable bytes; need not be aligned.
    @inlinable
    public init(decoding source: UnsafeRawPointer) {
        unsafe payloadLength = UInt32(littleEndian: source.loadUnaligned(as: UInt32.self))
        unsafe kind = FrameKind(rawValue: source.load(fromByteOffset: 4, as: UInt8.self))
        unsafe flags = FrameFlags(rawValue: source.load(fromByteOffset: 5, as: UInt8.self))
        unsafe method = UInt16(littleEndian: source.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        unsafe stream = UInt32(littleEndian: source.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        unsafe checksum = UInt32(littleEndian: source.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
    }

    /// Reads the header at the beginning of `bytes`; nil if there are fewer than `size`.
    @inlinable
    public init?(decoding bytes: RawSpan) {
        guard bytes.byteCount >= Self.size else { return nil }
        self = unsafe bytes.withUnsafeBytes { unsafe FrameHeader(decoding: $0.baseAddress.unsafelyUnwrapped) }
    }

    /// Writes the header.
    ///
    /// - Parameter target: room for `size` bytes; need not be aligned.
    @inlinable
    public func encode(to target: UnsafeMutableRawPointer) {
        unsafe target.storeBytes(of: payloadLength.littleEndian, as: UInt32.self)
        unsafe target.storeBytes(of: kind.rawValue, toByteOffset: 4, as: UInt8.self)
        unsafe target.storeBytes(of: flags.rawValue, toByteOffset: 5, as: UInt8.self)
        unsafe target.storeBytes(of: method.littleEndian, toByteOffset: 6, as: UInt16.self)
        unsafe target.storeBytes(of: stream.littleEndian, toByteOffset: 8, as: UInt32.self)
        unsafe target.storeBytes(of: checksum.littleEndian, toByteOffset: 12, as: UInt32.self)
    }

    /// Appends the header to `bytes`.
    public func append(to bytes: inout [UInt8]) {
        let header = unsafe [UInt8](unsafeUninitializedCapacity: Self.size) { memory, count in
            unsafe encode(to: UnsafeMutableRawPointer(memory.baseAddress.unsafelyUnwrapped))
            count = Self.size
        }
        bytes.append(contentsOf: header)
    }
}

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
