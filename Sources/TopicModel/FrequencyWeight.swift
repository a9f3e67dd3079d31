/// What the sum of the weights of a feature's places counts: its square root, for the tenth time that a word stands in a
/// text says less than the first. `cscoring_sum` does the same.
package enum FrequencyWeight {
    /// `sum` is in 64ths.
    @inline(__always)
    package static func of(_ sum: UInt32) -> Float { (Float(sum) * (1.0 / 64)).squareRoot() }
}
