// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Synchronization

/// An article's id: a UUID of version 7 (RFC 9562, section 5.7). Ids that are generated later compare greater.
public struct ArticleID: Sendable, Hashable, Comparable {
    /// The first eight bytes, big-endian: 48 bits of milliseconds, the version, 12 more bits.
    public let high: UInt64
    /// The last eight bytes, big-endian: the variant, 62 random bits.
    public let low: UInt64

    /// Creates an id from its two halves. They are not checked: see ``isVersion7``.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Creates an id from its bytes; `nil` unless there are exactly 16.
    ///
    /// - Parameter bytes: 16 bytes in network order.
    public init?(bytes: RawSpan) {
        guard bytes.byteCount == 16 else { return nil }
        unsafe high = UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
        unsafe low = UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }

    /// Creates an id from its bytes; `nil` unless there are exactly 16.
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

    /// Whether the version and the variant are those of UUIDv7. The service rejects other ids.
    public var isVersion7: Bool { high >> 12 & 0xf == 7 && low >> 62 == 2 }

    /// When the id was generated, in milliseconds since 1970-01-01T00:00:00Z.
    public var milliseconds: Int64 { Int64(high >> 16) }

    /// Compares the bytes: first the time, then the counter, then the random bits.
    public static func < (a: ArticleID, b: ArticleID) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension ArticleID: CustomStringConvertible, LosslessStringConvertible {
    private static let digits = Array("0123456789abcdef".utf8)

    /// The canonical form: "0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f".
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(Self.digits[Int(byte >> 4)])
            text.append(Self.digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Parses the canonical form, in either case; `nil` for anything else.
    public init?(_ text: String) {
        let utf8 = Array(text.utf8)
        guard utf8.count == 36 else { return nil }
        var value = (high: UInt64(0), low: UInt64(0))
        for (index, character) in utf8.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = character - UInt8(ascii: "A") + 10
            default: return nil
            }
            value.high = value.high << 4 | value.low >> 60
            value.low = value.low << 4 | UInt64(digit)
        }
        self.init(high: value.high, low: value.low)
    }
}

extension ArticleID {
    /// The state of the generator.
    private struct Source {
        /// The last timestamp and counter: 48 bits of milliseconds, and 12 bits that count within one millisecond.
        var last: UInt64 = 0
        /// Unused random numbers. They are requested from the kernel in bulk, because one costs as much as 32.
        var random: [UInt64] = []
    }

    private static let source = Mutex(Source())

    /// Generates a new id. Within a process, each id is greater than the one before, even if the clock goes back (RFC
    /// 9562, section 6.2, method 1). Safe to call from any thread.
    public static func generate() -> ArticleID {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let milliseconds = UInt64(max(0, time.tv_sec)) * 1000 + UInt64(time.tv_nsec) / 1_000_000
        let (stamp, random) = source.withLock { source in
            source.last = max(source.last + 1, milliseconds << 12)
            if source.random.isEmpty { source.random = randomNumbers() }
            return (source.last, source.random.popLast() ?? .random(in: 0 ... .max))
        }
        return ArticleID(high: (stamp >> 12) << 16 | 7 << 12 | stamp & 0xfff, low: 2 << 62 | random >> 2)
    }

    /// As many numbers as getentropy(3) returns in one call; none if it fails.
    private static func randomNumbers() -> [UInt64] {
        unsafe [UInt64](unsafeUninitializedCapacity: 32) { memory, count in
            guard let base = memory.baseAddress else { return }
            count = unsafe getentropy(base, 32 * MemoryLayout<UInt64>.size) == 0 ? 32 : 0
        }
    }
}
