internal import ArticleProtocol
internal import HandlerKit

/// The lists of a query's terms, or the list of all records, walked down together.
struct Lists: ~Copyable {
    /// A list that several hold: an array has no room for what cannot be copied.
    private final class Shared {
        var cursor: ListCursor
        init(_ cursor: consuming ListCursor) { self.cursor = cursor }
    }

    private var lists: [Shared] = []

    init(_ terms: TermList, _ reader: ThreadReader) throws(ServiceError) {
        // No sequence: its elements are lent.
        // swift-format-ignore: ReplaceForEachWithForLoop
        try terms.forEach { term throws(ServiceError) in
            let list = unsafe term.withUnsafeBytes { unsafe IndexEntry.list(term: $0, reader.environment.hash) }
            lists.append(Shared(try reader.list(list)))
        }
        if lists.isEmpty { lists.append(Shared(try reader.list(IndexEntry.all))) }
    }

    /// The greatest place not above `limit` that is in all lists.
    mutating func next(notAbove limit: IndexEntry) throws(ServiceError) -> IndexEntry? {
        var candidate = limit
        var agreeing = 0
        var index = 0
        // Each list either agrees with the candidate or lowers it, until all in a row agree.
        while agreeing < lists.count {
            guard let found = try lists[index].cursor.seek(notAbove: candidate) else { return nil }
            let place = found.moved(to: candidate.list)
            // Entries stand in their order, or a list would never end.
            guard place <= candidate else { throw IndexDamage.outOfOrder }
            agreeing = place == candidate ? agreeing + 1 : 1
            candidate = place
            index = (index + 1) % lists.count
        }
        return candidate
    }
}
