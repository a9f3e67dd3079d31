import Glibc

/// Constant tables that the scorers read by pointer; made once, never freed.
enum ScorerTables {
    /// A feature that occurs more often counts no more than this.
    static let mostCounted = 255

    nonisolated(unsafe) static let letters: UnsafePointer<UInt32> = unsafe constant(Letter.table)
    nonisolated(unsafe) static let scales: UnsafePointer<Float> = unsafe constant(ModelHeader.scales)
    /// 1 + ln(count): the tenth time that a word stands in a text says less than the first.
    nonisolated(unsafe) static let frequencyWeights: UnsafePointer<Float> =
        unsafe constant((0...mostCounted).map { frequencyWeight($0) })

    static func frequencyWeight(_ count: Int) -> Float { count < 1 ? 0 : 1 + Float(log(Double(count))) }

    private static func constant<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element> {
        let copy = UnsafeMutablePointer<Element>.allocate(capacity: elements.count)
        for (index, element) in elements.enumerated() { unsafe (copy + index).initialize(to: element) }
        return unsafe UnsafePointer(copy)
    }
}
