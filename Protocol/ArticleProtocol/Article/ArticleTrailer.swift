// SPDX-License-Identifier: Apache-2.0
/// The service's own fields of an ``Article``, which it appends to the writer's content in a fetch.
///
/// Concatenated Protocol Buffers messages merge. Content and trailer together are therefore an ``Article``, and the
/// content is never encoded again.
public struct ArticleTrailer: Sendable, Equatable {
    /// The space for any trailer, in bytes.
    public static let capacity = 96

    /// The article's id.
    public var id: ArticleID
    /// The revision, from 1.
    public var revision: UInt64
    /// When the first revision was stored, in milliseconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// When this revision was stored, in milliseconds since 1970-01-01T00:00:00Z.
    public var storedAt: Int64
    /// The CRC-32C of the content, computed when it was stored. `nil` if only a part of the content is sent; then
    /// neither checksum nor size are encoded.
    public var contentChecksum: UInt32?
    /// The size of the content in bytes.
    public var contentSize: UInt32

    /// Creates a trailer from its fields.
    public init(
        id: ArticleID, revision: UInt64, createdAt: Int64, storedAt: Int64, contentChecksum: UInt32?,
        contentSize: UInt32
    ) {
        self.id = id
        self.revision = revision
        self.createdAt = createdAt
        self.storedAt = storedAt
        self.contentChecksum = contentChecksum
        self.contentSize = contentSize
    }

    /// Writes the encoded fields.
    ///
    /// - Parameter target: space for ``capacity`` bytes.
    /// - Returns: the number of bytes written.
    public func encode(to target: UnsafeMutableRawPointer) -> Int {
        var cursor = unsafe Cursor(base: target)
        unsafe cursor.byte(1 << 3 | 2)
        unsafe cursor.byte(16)
        unsafe cursor.bigEndian(id.high)
        unsafe cursor.bigEndian(id.low)
        unsafe cursor.varint(32, revision)
        unsafe cursor.varint(33, UInt64(bitPattern: createdAt))
        unsafe cursor.varint(34, UInt64(bitPattern: storedAt))
        if let contentChecksum {
            unsafe cursor.varint(35 << 3 | 5)
            unsafe cursor.littleEndian(contentChecksum)
            unsafe cursor.varint(36, UInt64(contentSize))
        }
        return unsafe cursor.offset
    }

    /// Where the next byte is written. The fields above take at most 18 + 3 * 12 + 6 + 7 bytes.
    @unsafe private struct Cursor {
        let base: UnsafeMutableRawPointer
        var offset = 0

        init(base: UnsafeMutableRawPointer) { unsafe self.base = unsafe base }

        mutating func byte(_ value: UInt8) {
            unsafe base.storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
            unsafe offset += 1
        }

        mutating func varint(_ value: UInt64) {
            var rest = value
            while rest >= 0x80 {
                unsafe byte(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            unsafe byte(UInt8(truncatingIfNeeded: rest))
        }

        mutating func varint(_ field: UInt64, _ value: UInt64) {
            guard value != 0 else { return }
            unsafe varint(field << 3)
            unsafe varint(value)
        }

        mutating func bigEndian(_ value: UInt64) {
            unsafe base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt64.self)
            unsafe offset += 8
        }

        mutating func littleEndian(_ value: UInt32) {
            unsafe base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
            unsafe offset += 4
        }
    }
}

extension ArticleTrailer {
    /// Calls `body` with the encoded fields, which are on the stack.
    ///
    /// Inlined, because unspecialized it would take a fifth of the time of a fetch.
    @inlinable
    public func withEncoded<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withUnsafeTemporaryAllocation(byteCount: Self.capacity, alignment: 8) {
            memory throws(Failure) in
            let size = unsafe encode(to: memory.baseAddress!)
            let encoded = unsafe UnsafeRawBufferPointer(rebasing: memory[..<size])
            return try body(unsafe RawSpan(_unsafeBytes: encoded))
        }
    }
}
