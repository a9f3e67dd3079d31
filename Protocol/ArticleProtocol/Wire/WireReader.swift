// SPDX-License-Identifier: Apache-2.0
internal import CUTF8

/// Reads the fields of an encoded Protocol Buffers message, one after the other, from borrowed bytes.
///
/// The bytes are untrusted. Lengths are checked against the bytes that are left, varints against 64 bits, and nesting
/// against ``Limits/depth``. Every error is `INVALID_ARGUMENT` and has the position.
public struct WireReader: ~Escapable {
    private let bytes: RawSpan
    private let depth: Int
    /// The position of the next byte.
    public private(set) var offset = 0
    /// The number of the current field.
    public private(set) var field: UInt32 = 0
    /// The wire type of the current field.
    public private(set) var type = WireType.varint

    /// Creates a reader of a message that fills `bytes`.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) {
        self.bytes = bytes
        depth = 0
    }

    @_lifetime(copy bytes)
    private init(_ bytes: RawSpan, depth: Int) {
        self.bytes = bytes
        self.depth = depth
    }

    /// How many bytes are left.
    public var left: Int { bytes.byteCount - offset }

    /// Reads the number and the type of the next field.
    ///
    /// - Returns: false at the end of the message.
    @_lifetime(self: copy self)
    public mutating func next() throws(ServiceError) -> Bool {
        guard left > 0 else { return false }
        let key = try rawVarint()
        guard let number = UInt32(exactly: key >> 3), number > 0, number < 1 << 29 else {
            throw malformed("a field number out of range")
        }
        field = number
        guard let type = WireType(rawValue: UInt8(key & 7)) else {
            throw malformed("wire type \(key & 7), which is not used")
        }
        self.type = type
        return true
    }

    // MARK: Values

    /// Reads a varint.
    @_lifetime(self: copy self)
    public mutating func uint64() throws(ServiceError) -> UInt64 {
        try expect(.varint)
        return try rawVarint()
    }

    /// Reads a varint. As in protobuf, a longer number is truncated to its lower 32 bits.
    @_lifetime(self: copy self)
    public mutating func uint32() throws(ServiceError) -> UInt32 { UInt32(truncatingIfNeeded: try uint64()) }

    /// Reads a varint as a signed number in two's complement: `int64`, not `sint64`.
    @_lifetime(self: copy self)
    public mutating func int64() throws(ServiceError) -> Int64 { Int64(bitPattern: try uint64()) }

    /// Reads a varint; any number except 0 is true.
    @_lifetime(self: copy self)
    public mutating func bool() throws(ServiceError) -> Bool { try uint64() != 0 }

    /// Reads four bytes, little-endian.
    @_lifetime(self: copy self)
    public mutating func fixed32() throws(ServiceError) -> UInt32 {
        try expect(.fixed32)
        return try rawFixed32()
    }

    /// Reads four bytes, IEEE 754.
    @_lifetime(self: copy self)
    public mutating func float() throws(ServiceError) -> Float { Float(bitPattern: try fixed32()) }

    /// Reads eight bytes, IEEE 754.
    @_lifetime(self: copy self)
    public mutating func double() throws(ServiceError) -> Double {
        try expect(.fixed64)
        let low = try rawFixed32()
        return Double(bitPattern: UInt64(try rawFixed32()) << 32 | UInt64(low))
    }

    /// Reads a length-delimited value without copying it.
    @_lifetime(copy self)
    public mutating func span() throws(ServiceError) -> RawSpan {
        try expect(.lengthDelimited)
        return try rawSpan()
    }

    /// Reads a text without copying it. It must be UTF-8 of at most `max` bytes.
    @_lifetime(copy self)
    public mutating func text(most max: Int) throws(ServiceError) -> RawSpan {
        let value = try span()
        guard value.byteCount <= max else { throw malformed("\(value.byteCount) bytes; at most \(max) are allowed") }
        guard value.isUTF8 else { throw malformed("the text is not valid UTF-8") }
        return value
    }

    /// Reads a copy of a length-delimited value.
    @_lifetime(self: copy self)
    public mutating func byteArray() throws(ServiceError) -> [UInt8] {
        let value = try span()
        return unsafe value.withUnsafeBytes { unsafe Array($0) }
    }

    /// Reads a copy of a text. It must be UTF-8.
    @_lifetime(self: copy self)
    public mutating func string() throws(ServiceError) -> String {
        let number = field
        let value = try span()
        guard let text = unsafe value.withUnsafeBytes({ unsafe String(validating: $0, as: UTF8.self) }) else {
            throw ServiceError(.invalidArgument, "field \(number): the text is not valid UTF-8")
        }
        return text
    }

    /// Merges an embedded message into `message`. Its fields replace or extend those of `message`.
    @_lifetime(self: copy self)
    public mutating func merge(into message: inout some ProtocolMessage) throws(ServiceError) {
        guard depth < Limits.depth else { throw malformed("messages nested deeper than \(Limits.depth)") }
        let number = field
        var reader = WireReader(try span(), depth: depth + 1)
        do {
            while try reader.next() { try message.merge(from: &reader) }
        } catch {
            throw ServiceError(error.code, "in field \(number), \(error.message)")
        }
    }

    /// Reads an embedded message.
    @_lifetime(self: copy self)
    public mutating func message<Message: ProtocolMessage>(_: Message.Type = Message.self) throws(ServiceError)
        -> Message
    {
        var message = Message()
        try merge(into: &message)
        return message
    }

    /// Reads one number of a repeated field, or all numbers of a packed one. The field may have at most `max` values.
    @_lifetime(self: copy self)
    public mutating func append(to numbers: inout [UInt64], max: Int) throws(ServiceError) {
        if type == .varint {
            numbers.append(try uint64())
        } else {
            var packed = WireReader(try span(), depth: depth + 1)
            packed.field = field
            while packed.left > 0, numbers.count <= max { numbers.append(try packed.rawVarint()) }
        }
        guard numbers.count <= max else { throw malformed("more than \(max) values") }
    }

    /// Skips the value of the current field.
    @_lifetime(self: copy self)
    public mutating func skip() throws(ServiceError) {
        switch type {
        case .varint: _ = try rawVarint()
        case .fixed64: try advance(8)
        case .fixed32: try advance(4)
        case .lengthDelimited: _ = try rawSpan()
        }
    }

    // MARK: -

    private func expect(_ expected: WireType) throws(ServiceError) {
        guard type == expected else { throw malformed("wire type \(type.rawValue); \(expected.rawValue) is expected") }
    }

    @_lifetime(self: copy self)
    private mutating func rawVarint() throws(ServiceError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.byteCount {
            let byte = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)  // checked just above
            offset += 1
            // The tenth byte has room for the 64th bit alone.
            if shift == 63, byte > 1 { throw malformed("a varint of more than 64 bits") }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw malformed("the message ends inside a varint")
    }

    @_lifetime(self: copy self)
    private mutating func rawFixed32() throws(ServiceError) -> UInt32 {
        let start = offset
        try advance(4)
        return unsafe UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt32.self))
    }

    @_lifetime(copy self)
    private mutating func rawSpan() throws(ServiceError) -> RawSpan {
        let length = try rawVarint()
        guard let count = Int(exactly: length), count <= left else {
            throw malformed("a length of \(length) bytes where \(left) are left")
        }
        let start = offset
        offset += count
        return bytes.extracting(start..<start + count)
    }

    @_lifetime(self: copy self)
    private mutating func advance(_ count: Int) throws(ServiceError) {
        guard count <= left else { throw malformed("the message ends inside a value") }
        offset += count
    }

    /// Creates an error that names the current field and position.
    public func malformed(_ what: String) -> ServiceError {
        ServiceError(.invalidArgument, "field \(field), byte \(offset): \(what)")
    }
}

/// How the value of a field is encoded: the wire types that proto3 uses.
public enum WireType: UInt8, Sendable {
    /// A number of 1 to 10 bytes.
    case varint = 0
    /// Eight bytes.
    case fixed64 = 1
    /// A length as a varint, then that many bytes.
    case lengthDelimited = 2
    /// Four bytes.
    case fixed32 = 5
}

extension RawSpan {
    /// Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing
    /// truncated.
    ///
    /// Every stored article passes through this. The validator does not branch on the text: Vietnamese mixes letters of
    /// one, two and three bytes, which would cause constant branch mispredictions.
    var isUTF8: Bool {
        unsafe withUnsafeBytes { unsafe cutf8_is_valid($0.baseAddress, $0.count) }
    }
}
