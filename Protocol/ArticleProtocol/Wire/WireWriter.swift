/// Appends fields of the Protocol Buffers encoding to bytes. Fields with their default value are left out, as proto3 does.
public struct WireWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// - Parameter capacity: how many bytes are expected.
    public init(capacity: Int) { bytes.reserveCapacity(capacity) }

    /// A varint.
    public mutating func write(_ value: UInt64, at field: UInt32) {
        guard value != 0 else { return }
        writeAlways(value, at: field)
    }

    /// Also a default value: for `optional` fields.
    public mutating func writeAlways(_ value: UInt64, at field: UInt32) {
        key(field, .varint)
        varint(value)
    }

    /// A varint.
    public mutating func write(_ value: UInt32, at field: UInt32) { write(UInt64(value), at: field) }
    /// A varint of a signed number in two's complement: `int64`, not `sint64`.
    public mutating func write(_ value: Int64, at field: UInt32) { write(UInt64(bitPattern: value), at: field) }
    /// A varint.
    public mutating func write(_ value: Bool, at field: UInt32) { write(UInt64(value ? 1 : 0), at: field) }

    /// Four bytes, IEEE 754.
    public mutating func write(_ value: Float, at field: UInt32) {
        guard value.bitPattern != 0 else { return }
        writeFixed(value.bitPattern, at: field)
    }

    /// A `fixed32`; also 0, which as a checksum is a value like any other.
    public mutating func writeFixed(_ value: UInt32, at field: UInt32) {
        key(field, .fixed32)
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    /// A text.
    public mutating func write(_ value: String, at field: UInt32) {
        guard !value.isEmpty else { return }
        writeAlways(value, at: field)
    }

    /// Also an empty one: for repeated fields.
    public mutating func writeAlways(_ value: String, at field: UInt32) {
        key(field, .lengthDelimited)
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// Bytes.
    public mutating func write(_ value: [UInt8], at field: UInt32) {
        guard !value.isEmpty else { return }
        key(field, .lengthDelimited)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// An id: its 16 bytes.
    public mutating func write(_ id: ArticleID?, at field: UInt32) {
        guard let id else { return }
        key(field, .lengthDelimited)
        varint(16)
        id.append(to: &bytes)
    }

    /// A packed repeated field.
    public mutating func write(_ values: [UInt64], at field: UInt32) {
        guard !values.isEmpty else { return }
        key(field, .lengthDelimited)
        varint(UInt64(values.reduce(0) { $0 + Self.size(of: $1) }))
        for value in values { varint(value) }
    }

    /// An embedded message, also an empty one; nothing for nil.
    public mutating func write(_ message: (some ProtocolMessage)?, at field: UInt32) {
        guard let message else { return }
        let encoded = message.encoded()
        key(field, .lengthDelimited)
        varint(UInt64(encoded.count))
        bytes.append(contentsOf: encoded)
    }

    /// Embedded messages, one field each.
    public mutating func write(_ messages: [some ProtocolMessage], at field: UInt32) {
        for message in messages { write(message, at: field) }
    }

    /// Bytes that are encoded already.
    public mutating func append(_ encoded: RawSpan) {
        unsafe encoded.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// The key and length of a length-delimited field whose `length` bytes follow by `append`.
    public mutating func begin(_ field: UInt32, length: Int) {
        key(field, .lengthDelimited)
        varint(UInt64(length))
    }

    private mutating func key(_ field: UInt32, _ type: WireType) {
        varint(UInt64(field) << 3 | UInt64(type.rawValue))
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Bytes of a varint.
    static func size(of value: UInt64) -> Int { max(1, (70 - value.leadingZeroBitCount) / 7) }
}
