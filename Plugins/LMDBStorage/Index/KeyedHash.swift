/// SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"): short names for keys and terms of any length
/// that nobody outside can make collide, so that no peer can make look-ups slow.
struct KeyedHash: Sendable, Equatable {
    let first: UInt64
    let second: UInt64

    /// - Parameters: the two halves of the key.
    init(_ first: UInt64, _ second: UInt64) {
        self.first = first
        self.second = second
    }

    /// A key of its own.
    static func new() -> KeyedHash { KeyedHash(.random(in: .min ... .max), .random(in: .min ... .max)) }

    func callAsFunction(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = State(
            a: first ^ 0x736f_6d65_7073_6575, b: second ^ 0x646f_7261_6e64_6f6d, c: first ^ 0x6c79_6765_6e65_7261,
            d: second ^ 0x7465_6462_7974_6573)
        let whole = bytes.count & ~7
        for offset in stride(from: 0, to: whole, by: 8) {
            state.absorb(UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        for offset in whole..<bytes.count {
            last |= UInt64(unsafe bytes[offset]) << UInt64(8 * (offset - whole))
        }
        state.absorb(last)
        state.c ^= 0xff
        for _ in 0..<3 { state.round() }
        return state.a ^ state.b ^ state.c ^ state.d
    }

    private struct State {
        var a, b, c, d: UInt64

        mutating func absorb(_ word: UInt64) {
            d ^= word
            round()
            a ^= word
        }

        mutating func round() {
            a &+= b
            b = b << 13 | b >> 51
            b ^= a
            a = a << 32 | a >> 32
            c &+= d
            d = d << 16 | d >> 48
            d ^= c
            a &+= d
            d = d << 21 | d >> 43
            d ^= a
            c &+= b
            b = b << 17 | b >> 47
            b ^= c
            c = c << 32 | c >> 32
        }
    }
}
