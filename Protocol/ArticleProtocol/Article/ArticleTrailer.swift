/// What the service adds behind a writer's content when an article is fetched: the fields of `Article` that are its own.
///
/// Messages of the Protocol Buffers encoding merge when they are put behind each other, so content and trailer together
/// are an `Article`, and the content is never encoded again.
public struct ArticleTrailer: Sendable, Equatable {
    /// More than any trailer needs, in bytes.
    public static let capacity = 96

    /// The article's id.
    public var id: ArticleID
    /// 1 for the first.
    public var revision: UInt64
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// When this revision was stored, in milliseconds as above.
    public var storedAt: Int64
    /// CRC-32C of the content, as it was computed when it was written; nil if the content is not sent whole: then
    /// neither checksum nor size are told.
    public var contentChecksum: UInt32?
    /// Bytes of the content.
    public var contentSize: UInt32

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
    /// - Parameter target: room for `capacity` bytes.
    /// - Returns: how many were written.
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

    /// Where the next byte goes. The fields above take at most 18 + 3 * 12 + 6 + 7 bytes.
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
    /// Lends the encoded fields, which lie on the stack.
    ///
    /// Inlined: unspecialised, it would take a fifth of a fetch.
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
