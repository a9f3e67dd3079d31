/// An article's identity: a UUID of version 7 (RFC 9562, section 5.7), so that later ones compare greater.
public struct ArticleID: Sendable, Hashable, Comparable {
    /// The first eight bytes, big-endian: 48 bits of milliseconds, the version, 12 bits more.
    public let high: UInt64
    /// The last eight bytes, big-endian: the variant, 62 random bits.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter bytes: 16 bytes in network order; nil if there are more or fewer.
    public init?(bytes: RawSpan) {
        guard bytes.byteCount == 16 else { return nil }
        unsafe high = UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
        unsafe low = UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }

    /// The same for an array.
    public init?(bytes: [UInt8]) { unsafe self.init(bytes: bytes.span.bytes) }

    /// The 16 bytes in network order.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        append(to: &bytes)
        return bytes
    }

    func append(to bytes: inout [UInt8]) {
        for word in [high, low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
    }

    /// Whether version and variant are those of UUIDv7.
    public var isVersion7: Bool { high >> 12 & 0xf == 7 && low >> 62 == 2 }

    /// When it was made, in milliseconds since 1970-01-01T00:00:00Z.
    public var milliseconds: Int64 { Int64(high >> 16) }

    /// By time, then by counter and chance: the order of the bytes.
    public static func < (a: ArticleID, b: ArticleID) -> Bool { (a.high, a.low) < (b.high, b.low) }
}
