import Glibc

/// What the syllable at each place of a text counts, in 64ths. News tells what it is about in its first sentences: there a
/// syllable counts up to 5 times as much as far behind.
@safe struct PlaceWeights {
    private static let places = 1024
    nonisolated(unsafe) private static let table: UnsafePointer<UInt16> =
        unsafe ScorerTables.constant((0..<places).map { UInt16((64 * (0.4 + 1.6 * exp(-Double($0) / 150))).rounded()) })

    private let table: UnsafePointer<UInt16>

    init() { unsafe table = PlaceWeights.table }

    /// What the syllable at a place from 0 on counts: from the 1024th on all count the same.
    @inline(__always)
    subscript(place: Int) -> UInt16 {
        unsafe table[min(place, PlaceWeights.places - 1)]  // the table is as long
    }
}
