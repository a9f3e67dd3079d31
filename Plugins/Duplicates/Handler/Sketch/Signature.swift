// SPDX-License-Identifier: Apache-2.0

/// A MinHash signature of an article's shingles (Broder 1997), which estimates how similar two articles are.
///
/// It has ``values`` minima under as many hash functions, each shortened to 16 bits (Li and König 2010). Bands of four of
/// them find articles that may be similar: those that share at least one band. With similarity s, that is likely by
/// 1 - (1 - s^4)^32: 1.0 at 0.8, 0.87 at 0.5, 0.23 at 0.3.
struct Signature: Sendable, Equatable {
    /// The number of minima.
    static let values = 128
    /// The number of bands.
    static let bands = 32
    /// The number of minima in a band.
    static let rows = 4
    /// The size of an encoded signature, in bytes.
    static let size = 2 * values

    /// The minima.
    private(set) var minima: [UInt16]

    /// nil if there are no shingles to compare.
    init?(_ shingles: Shingles) {
        guard !shingles.hashes.isEmpty else { return nil }
        let keys = shingles.hashes.map { UInt32(truncatingIfNeeded: $0) }
        minima = []
        minima.reserveCapacity(Self.values)
        // A few functions at a time, so that their minima stay in registers.
        for first in stride(from: 0, to: Self.values, by: 4) {
            let (one, two, three, four) = (
                Self.functions[first], Self.functions[first + 1], Self.functions[first + 2], Self.functions[first + 3]
            )
            var least = (UInt32.max, UInt32.max, UInt32.max, UInt32.max)
            for key in keys {
                least.0 = min(least.0, one(key))
                least.1 = min(least.1, two(key))
                least.2 = min(least.2, three(key))
                least.3 = min(least.3, four(key))
            }
            // Minima are small numbers: mixed, each of their 16 bits tells as much as another.
            for value in [least.0, least.1, least.2, least.3] {
                minima.append(UInt16(truncatingIfNeeded: Mixing.mix(value)))
            }
        }
    }

    /// A signature that was encoded; nil if it has another size.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.size else { return nil }
        minima = (0..<Self.values).map { index in
            let place = bytes.startIndex + 2 * index
            return UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8
        }
    }

    /// Appends the encoded signature.
    func append(to bytes: inout [UInt8]) {
        for value in minima {
            bytes.append(UInt8(truncatingIfNeeded: value))
            bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        }
    }

    /// The keys of its bands. Equal bands at different places have different keys.
    var bandKeys: [UInt32] {
        (0..<Self.bands).map { band in
            var packed: UInt64 = 0
            for row in 0..<Self.rows { packed = packed << 16 | UInt64(minima[band * Self.rows + row]) }
            return UInt32(truncatingIfNeeded: Mixing.mix(packed &+ UInt64(band) &* 0xd134_2543_de82_ef95))
        }
    }

    /// The estimated similarity: the part of the minima that are equal. Its standard deviation is at most 0.045.
    func estimate(_ other: Signature) -> Double {
        var equal = 0
        for index in 0..<Self.values where minima[index] == other.minima[index] { equal += 1 }
        return Double(equal) / Double(Self.values)
    }

    /// An estimate from which on a pair may have this similarity: four standard deviations below it.
    static func leastEstimate(for similarity: Double) -> Double {
        max(0, similarity - 4 * (similarity * (1 - similarity) / Double(values)).squareRoot())
    }

    /// A hash function: multiply, add, shift (Dietzfelbinger 1996). The constants are part of the index's format.
    private struct Function {
        let factor: UInt64
        let addend: UInt64

        @inline(__always)
        func callAsFunction(_ key: UInt32) -> UInt32 {
            UInt32(truncatingIfNeeded: (factor &* UInt64(key) &+ addend) >> 32)
        }
    }

    private static let functions: [Function] = (0..<UInt64(values)).map { number in
        Function(factor: Mixing.mix(2 * number) | 1, addend: Mixing.mix(2 * number + 1))
    }
}
