// SPDX-License-Identifier: Apache-2.0
/// The header of a frame: 16 bytes before each payload, little-endian. See PROTOCOL.md, "Frames".
///
/// | offset | size | |
/// |---|---|---|
/// | 0 | 4 | length of the payload in bytes |
/// | 4 | 1 | kind |
/// | 5 | 1 | flags |
/// | 6 | 2 | method; 0 except in REQUEST |
/// | 8 | 4 | stream; 0 in frames about the connection |
/// | 12 | 4 | CRC-32C of the payload |
@frozen
public struct FrameHeader: Sendable, Equatable {
    /// The size on the wire, in bytes.
    @inlinable public static var size: Int { 16 }

    /// The size of the payload in bytes, without the header.
    public var payloadLength: UInt32
    /// The kind of the frame.
    public var kind: FrameKind
    /// The flags of the frame.
    public var flags: FrameFlags
    /// The method's number in REQUEST, otherwise 0.
    public var method: UInt16
    /// The stream; 0 in frames about the connection.
    public var stream: UInt32
    /// The CRC-32C of the payload.
    public var checksum: UInt32

    /// Creates a header from its fields.
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

    /// Decodes a header.
    ///
    /// - Parameter source: ``size`` readable bytes; need not be aligned.
    @inlinable
    public init(decoding source: UnsafeRawPointer) {
        unsafe payloadLength = UInt32(littleEndian: source.loadUnaligned(as: UInt32.self))
        unsafe kind = FrameKind(rawValue: source.load(fromByteOffset: 4, as: UInt8.self))
        unsafe flags = FrameFlags(rawValue: source.load(fromByteOffset: 5, as: UInt8.self))
        unsafe method = UInt16(littleEndian: source.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        unsafe stream = UInt32(littleEndian: source.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        unsafe checksum = UInt32(littleEndian: source.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
    }

    /// Decodes the header at the start of `bytes`; `nil` if there are fewer than ``size``.
    @inlinable
    public init?(decoding bytes: RawSpan) {
        guard bytes.byteCount >= Self.size else { return nil }
        self = unsafe bytes.withUnsafeBytes { unsafe FrameHeader(decoding: $0.baseAddress.unsafelyUnwrapped) }
    }

    /// Encodes the header.
    ///
    /// - Parameter target: space for ``size`` bytes; need not be aligned.
    @inlinable
    public func encode(to target: UnsafeMutableRawPointer) {
        unsafe target.storeBytes(of: payloadLength.littleEndian, as: UInt32.self)
        unsafe target.storeBytes(of: kind.rawValue, toByteOffset: 4, as: UInt8.self)
        unsafe target.storeBytes(of: flags.rawValue, toByteOffset: 5, as: UInt8.self)
        unsafe target.storeBytes(of: method.littleEndian, toByteOffset: 6, as: UInt16.self)
        unsafe target.storeBytes(of: stream.littleEndian, toByteOffset: 8, as: UInt32.self)
        unsafe target.storeBytes(of: checksum.littleEndian, toByteOffset: 12, as: UInt32.self)
    }

    /// Appends the encoded header to `bytes`.
    public func append(to bytes: inout [UInt8]) {
        let header = unsafe [UInt8](unsafeUninitializedCapacity: Self.size) { memory, count in
            unsafe encode(to: UnsafeMutableRawPointer(memory.baseAddress.unsafelyUnwrapped))
            count = Self.size
        }
        bytes.append(contentsOf: header)
    }
}

/// The kind of a frame; see PROTOCOL.md, "Frames". A receiver skips frames of unknown kinds.
@frozen
public struct FrameKind: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The byte on the wire.
    public let rawValue: UInt8

    /// Creates a kind from its byte on the wire. Any byte is allowed.
    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The first frame of each side.
    @inlinable public static var hello: FrameKind { FrameKind(rawValue: 1) }
    /// Opens a stream. From the client only.
    @inlinable public static var request: FrameKind { FrameKind(rawValue: 2) }
    /// A message of a stream, in either direction.
    @inlinable public static var message: FrameKind { FrameKind(rawValue: 3) }
    /// Ends a stream with a ``Status``. From the server only.
    @inlinable public static var error: FrameKind { FrameKind(rawValue: 4) }
    /// The client no longer wants the response.
    @inlinable public static var cancel: FrameKind { FrameKind(rawValue: 5) }
    /// Adds credit to a stream.
    @inlinable public static var credit: FrameKind { FrameKind(rawValue: 6) }
    /// Requests a PONG with the same payload.
    @inlinable public static var ping: FrameKind { FrameKind(rawValue: 7) }
    /// Answers a PING.
    @inlinable public static var pong: FrameKind { FrameKind(rawValue: 8) }
    /// The connection takes no new requests.
    @inlinable public static var goAway: FrameKind { FrameKind(rawValue: 9) }
    /// Ends one side of a stream without a message.
    @inlinable public static var end: FrameKind { FrameKind(rawValue: 10) }

    private static let names = [
        "HELLO", "REQUEST", "MESSAGE", "ERROR", "CANCEL", "CREDIT", "PING", "PONG", "GO_AWAY", "END",
    ]

    /// The name in PROTOCOL.md, such as "REQUEST"; for an unknown kind its number.
    public var description: String {
        let index = Int(rawValue) - 1
        return Self.names.indices.contains(index) ? Self.names[index] : "kind \(rawValue)"
    }
}

/// The flags of a frame. Any other bit is a protocol error.
@frozen
public struct FrameFlags: OptionSet, Sendable, Hashable {
    /// The byte on the wire.
    public let rawValue: UInt8

    /// Creates flags from their byte on the wire. Any byte is allowed.
    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// In REQUEST and MESSAGE: the last message of this side.
    @inlinable public static var end: FrameFlags { FrameFlags(rawValue: 1) }
    /// In REQUEST: a ``CallOptions`` message precedes the request message, with its length as a varint.
    @inlinable public static var options: FrameFlags { FrameFlags(rawValue: 2) }
}
