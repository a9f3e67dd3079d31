internal import ArticleProtocol

/// The records that are expected to be asked for, in their order: a few, of which the oldest comes out for each that goes
/// in or is asked for.
struct ExpectedRecords {
    private static let delay: UInt = 4

    private var ids = InlineArray<4, ArticleID>(repeating: ArticleID(high: 0, low: 0))
    private var added: UInt = 0
    private var taken: UInt = 0

    /// Takes one more; gives the oldest if there is no room for it any more.
    @inline(__always)
    mutating func add(_ id: ArticleID) -> ArticleID? {
        let oldest = added &- taken == Self.delay ? next() : nil
        ids[Int(added % Self.delay)] = id
        added &+= 1
        return oldest
    }

    /// Gives the oldest; nil if there is none.
    @inline(__always)
    mutating func next() -> ArticleID? {
        guard added != taken else { return nil }
        defer { taken &+= 1 }
        return ids[Int(taken % Self.delay)]
    }
}
