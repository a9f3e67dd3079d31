/// The hashes that name features. They are part of the model file's format: another hash makes every model foreign.
enum FeatureHash {
    static let multiplier: UInt64 = 0x9e37_79b9_7f4a_7c15
    static let start: UInt64 = 0x243f_6a88_85a3_08d3

    /// Takes one more code point into the hash of a syllable.
    @inline(__always)
    static func step(_ hash: UInt64, _ value: UInt32) -> UInt64 {
        (hash ^ UInt64(value)) &* multiplier
    }

    /// Ends a syllable; never 0, which means a border.
    @inline(__always)
    static func finish(_ hash: UInt64, tone: UInt32) -> UInt64 {
        mix(hash ^ UInt64(tone) &* 0xd6e8_feb8_6659_fd93) | 1
    }

    /// A number counts by how many digits it has, so that 2004 and 2009 are one feature.
    @inline(__always)
    static func number(digits: Int) -> UInt64 {
        mix(UInt64(truncatingIfNeeded: min(digits, 12)) ^ 0x4528_21e6_38d0_1377) | 1
    }

    /// Prolongs a phrase by a syllable.
    @inline(__always)
    static func join(_ phrase: UInt64, _ syllable: UInt64) -> UInt64 {
        let sum = ((phrase << 21 | phrase >> 43) ^ syllable) &* multiplier
        return sum ^ (sum >> 32)
    }

    /// The hash that a feature is looked up by: `space` tells marked from plain text.
    @inline(__always)
    static func feature(_ phrase: UInt64, space: UInt64) -> UInt64 {
        mix(phrase ^ space)
    }

    static let markedSpace: UInt64 = 0
    static let plainSpace: UInt64 = 0xa409_3822_299f_31d0

    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        var hash = value
        hash ^= hash >> 32
        hash = hash &* 0xd6e8_feb8_6659_fd93
        hash ^= hash >> 32
        return hash
    }
}
