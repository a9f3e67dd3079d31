internal import ArticleProtocol
internal import HandlerKit

/// What a list needs of the changes that the tables do not have yet: so it never waits for a commit, nor for the disk behind it.
struct RecentPart {
    /// A record that belongs to the list.
    struct Candidate {
        let place: IndexEntry
        let offset: Int
    }

    /// Whose state the tables do not tell.
    private let ids: Set<ArticleID>
    /// The last comes first.
    private var candidates: [Candidate] = []

    /// - Parameters:
    ///   - reader: is given a version that lacks nothing but what is here.
    ///   - matches: whether a record with this place belongs to the list.
    init(
        _ reader: ThreadReader, matches: (RecordView, IndexEntry) -> Bool
    ) throws(ServiceError) {
        let recent = reader.environment.recent
        var changes: [(id: ArticleID, found: RecentChanges.Found)]
        while true {
            let open = recent.transaction
            try reader.refresh()
            changes = open > reader.version ? recent.all(in: open) : []
            // If it was committed meanwhile, some of it may be gone from here, and is in the tables.
            if recent.transaction == open || changes.isEmpty && open <= reader.version { break }
        }
        ids = Set(changes.map(\.id))
        for case (let id, .at(let offset)) in changes {
            guard
                let record = unsafe try? RecordView(
                    id, at: reader.environment.heap.address(offset), in: reader.environment)
            else {
                candidates.append(Candidate(place: IndexEntry.unknown(id), offset: offset))
                continue
            }
            let place = IndexEntry(
                list: IndexEntry.all, time: IndexEntry.sortable(record.header.time), id: id)
            if matches(record, place) { candidates.append(Candidate(place: place, offset: offset)) }
        }
        candidates.sort { $0.place < $1.place }
    }

    /// Whether the tables have an earlier state of a record, or none.
    func covers(_ id: ArticleID) -> Bool { !ids.isEmpty && ids.contains(id) }

    /// The next one, unless it stands behind an entry of the tables.
    mutating func next(before entry: IndexEntry?) -> Candidate? {
        guard let last = candidates.last, entry.map({ $0 < last.place }) ?? true else { return nil }
        return candidates.removeLast()
    }
}
