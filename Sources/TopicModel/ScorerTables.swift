import Glibc

/// Constant tables that the scorers read by pointer; made once, never freed.
enum ScorerTables {
    nonisolated(unsafe) static let letters: UnsafePointer<UInt32> = unsafe constant(Letter.table)
    nonisolated(unsafe) static let scales: UnsafePointer<Float> = unsafe constant(ModelHeader.scales)
    /// What a syllable at each place counts, in 64ths. News tells what it is about in its first sentences: there a
    /// syllable counts up to 5 times as much as far behind.
    nonisolated(unsafe) static let placeWeights: UnsafePointer<UInt16> =
        unsafe constant((0..<places).map { UInt16((64 * (0.4 + 1.6 * exp(-Double($0) / 150))).rounded()) })
    /// From here on all count the same.
    static let places = 1024

    private static func constant<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element> {
        let copy = UnsafeMutablePointer<Element>.allocate(capacity: elements.count)
        for (index, element) in elements.enumerated() { unsafe (copy + index).initialize(to: element) }
        return unsafe UnsafePointer(copy)
    }
}
