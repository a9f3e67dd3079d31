/// Cheap random numbers (xorshift64): what is drawn must cost less than what is measured.
struct RandomSequence {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    @inline(__always)
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// Below `bound`.
    @inline(__always)
    mutating func next(below bound: Int) -> Int { Int((next() >> 20) % UInt64(bound)) }
}
