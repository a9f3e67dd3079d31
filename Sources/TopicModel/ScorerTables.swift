/// Constant tables that the scorers read by pointer; made once, never freed.
enum ScorerTables {
    nonisolated(unsafe) static let letters: UnsafePointer<UInt32> = unsafe constant(Letter.table)
    nonisolated(unsafe) static let scales: UnsafePointer<Float> = unsafe constant(ModelHeader.scales)

    static func constant<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element> {
        let copy = UnsafeMutablePointer<Element>.allocate(capacity: elements.count)
        for (index, element) in elements.enumerated() { unsafe (copy + index).initialize(to: element) }
        return unsafe UnsafePointer(copy)
    }
}
