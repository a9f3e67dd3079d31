// SPDX-License-Identifier: Apache-2.0
/// Encodes the fields of a Protocol Buffers message. As in proto3, fields with their default value are omitted.
public struct WireWriter: Sendable {
    /// The bytes written so far.
    public private(set) var bytes: [UInt8] = []

    /// Creates an empty writer.
    public init() {}

    /// Creates an empty writer.
    ///
    /// - Parameter capacity: the expected number of bytes.
    public init(capacity: Int) { bytes.reserveCapacity(capacity) }

    /// Writes a varint.
    public mutating func write(_ value: UInt64, at field: UInt32) {
        guard value != 0 else { return }
        writeAlways(value, at: field)
    }

    /// Writes a varint, even if it is 0: for `optional` fields.
    public mutating func writeAlways(_ value: UInt64, at field: UInt32) {
        key(field, .varint)
        varint(value)
    }

    /// Writes a varint.
    public mutating func write(_ value: UInt32, at field: UInt32) { write(UInt64(value), at: field) }
    /// Writes a varint of a signed number in two's complement: `int64`, not `sint64`.
    public mutating func write(_ value: Int64, at field: UInt32) { write(UInt64(bitPattern: value), at: field) }
    /// Writes a varint.
    public mutating func write(_ value: Bool, at field: UInt32) { write(UInt64(value ? 1 : 0), at: field) }

    /// Writes four bytes, IEEE 754.
    public mutating func write(_ value: Float, at field: UInt32) {
        guard value.bitPattern != 0 else { return }
        writeFixed(value.bitPattern, at: field)
    }

    /// Writes eight bytes, IEEE 754.
    public mutating func write(_ value: Double, at field: UInt32) {
        guard value.bitPattern != 0 else { return }
        key(field, .fixed64)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
        }
    }

    /// Writes a `fixed32`, even if it is 0, which is a valid checksum.
    public mutating func writeFixed(_ value: UInt32, at field: UInt32) {
        key(field, .fixed32)
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    /// Writes a text.
    public mutating func write(_ value: String, at field: UInt32) {
        guard !value.isEmpty else { return }
        writeAlways(value, at: field)
    }

    /// Writes a text, even if it is empty: for repeated fields.
    public mutating func writeAlways(_ value: String, at field: UInt32) {
        key(field, .lengthDelimited)
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// Writes bytes.
    public mutating func write(_ value: [UInt8], at field: UInt32) {
        guard !value.isEmpty else { return }
        key(field, .lengthDelimited)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Writes the 16 bytes of an id; nothing for `nil`.
    public mutating func write(_ id: ArticleID?, at field: UInt32) {
        guard let id else { return }
        key(field, .lengthDelimited)
        varint(16)
        id.append(to: &bytes)
    }

    /// Writes a packed repeated field.
    public mutating func write(_ values: [UInt64], at field: UInt32) {
        guard !values.isEmpty else { return }
        key(field, .lengthDelimited)
        varint(UInt64(values.reduce(0) { $0 + Self.size(of: $1) }))
        for value in values { varint(value) }
    }

    /// Writes an embedded message, even if it is empty; nothing for `nil`.
    public mutating func write(_ message: (some ProtocolMessage)?, at field: UInt32) {
        guard let message else { return }
        let encoded = message.encoded()
        key(field, .lengthDelimited)
        varint(UInt64(encoded.count))
        bytes.append(contentsOf: encoded)
    }

    /// Writes embedded messages, one field each.
    public mutating func write(_ messages: [some ProtocolMessage], at field: UInt32) {
        for message in messages { write(message, at: field) }
    }

    /// Appends encoded bytes.
    public mutating func append(_ encoded: RawSpan) {
        unsafe encoded.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// Writes the key and the length of a length-delimited field. Its `length` bytes follow with ``append(_:)``.
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

    /// The size of a varint in bytes.
    static func size(of value: UInt64) -> Int { max(1, (70 - value.leadingZeroBitCount) / 7) }
}
