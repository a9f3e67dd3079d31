// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

/// The records that are in all lists of a query, newest first. The lists leapfrog to the next entry that all of them
/// share, so the work depends on the rarest term. Uncommitted writes are merged in (``RecentMatches``).
struct Scan {
    let query: StorageQuery
    let reader: ThreadReader

    func forEach(_ visit: (borrowing StoredRecord) -> Bool) throws(ServiceError) {
        guard query.limit > 0, let start else { return }
        let lowest = query.from.map(IndexEntry.sortable) ?? 0
        var recent = try RecentMatches(reader) { record, entry in
            entry <= start && entry.time >= lowest && hasAllTerms(record)
        }
        var lists = try Lists(query.terms, reader)
        var visited = 0
        var entry = try next(&lists, notAbove: start, lowest)
        while visited < query.limit {
            let goesOn: Bool
            if let found = recent.next(before: entry) {
                visited += 1
                goesOn = try lend(found, visit)
            } else if let found = entry {
                var isSkipped = recent.covers(found.id)
                goesOn = isSkipped ? true : try lend(found, &isSkipped, visit)
                if !isSkipped { visited += 1 }
                entry = try found.predecessor.flatMap { limit throws(ServiceError) in
                    try next(&lists, notAbove: limit, lowest)
                }
            } else {
                return
            }
            if !goesOn { return }
        }
    }

    private func next(
        _ lists: inout Lists, notAbove limit: IndexEntry, _ lowest: UInt64
    ) throws(ServiceError) -> IndexEntry? {
        guard let entry = try lists.next(notAbove: limit), entry.time >= lowest else { return nil }
        return entry
    }

    /// Lends the record of an index entry.
    ///
    /// - Parameter isSkipped: set if the record is not in the list: two terms may share a hash.
    private func lend(
        _ entry: IndexEntry, _ isSkipped: inout Bool, _ visit: (borrowing StoredRecord) -> Bool
    ) throws(ServiceError) -> Bool {
        do throws(ServiceError) {
            let goesOn = try reader.record(entry.id) { record throws(ServiceError) -> Bool? in
                guard IndexEntry.sortable(record.header.time) == entry.time, hasAllTerms(record) else { return nil }
                return record.lend(visit)
            }
            guard let goesOn = goesOn ?? nil else {
                isSkipped = true
                return true
            }
            return goesOn
        } catch {
            if error.code != .dataLoss { throw error }
            return lendUnreadable(entry, visit)
        }
    }

    private func lend(
        _ found: RecentMatches.Candidate, _ visit: (borrowing StoredRecord) -> Bool
    ) throws(ServiceError) -> Bool {
        do throws(ServiceError) {
            let start = unsafe reader.environment.heap.address(found.offset)
            return try unsafe RecordView(found.entry.id, at: start, in: reader.environment).lend(visit)
        } catch {
            return lendUnreadable(found.entry, visit)
        }
    }

    /// Where to begin; `nil` if nothing can match.
    private var start: IndexEntry? {
        var highest = IndexEntry(list: IndexEntry.all, time: .max, id: .last)
        if let until = query.until {
            let time = IndexEntry.sortable(until)
            if time == 0 { return nil }
            highest = IndexEntry(list: IndexEntry.all, time: time - 1, id: .last)
        }
        guard let after = query.after else { return highest }
        let entry = IndexEntry(list: IndexEntry.all, time: IndexEntry.sortable(after.time), id: after.id)
        return entry.predecessor.map { min($0, highest) }
    }

    /// If a record cannot be read, the index still knows its position in the list.
    private func lendUnreadable(_ entry: IndexEntry, _ visit: (borrowing StoredRecord) -> Bool) -> Bool {
        visit(
            StoredRecord(
                id: entry.id, revision: 0, createdAt: 0, storedAt: 0, time: IndexEntry.time(entry.time),
                contentChecksum: .max, content: RawSpan(), key: RawSpan()))
    }

    private func hasAllTerms(_ record: RecordView) -> Bool {
        var missing = false
        unsafe query.terms.withPackedBytes { terms in
            unsafe PackedTerms.forEach(terms) { if unsafe !record.has($0) { missing = true } }
        }
        return !missing
    }
}

/// The uncommitted writes that belong to a list. With them, a list need not wait for a commit, nor for the disk
/// behind it.
struct RecentMatches {
    /// A record that belongs to the list.
    struct Candidate {
        let entry: IndexEntry
        let offset: Int
    }

    /// The ids that were written, for which the tables are out of date.
    private let ids: Set<ArticleID>
    /// In ascending order.
    private var candidates: [Candidate] = []

    /// - Parameters:
    ///   - reader: is moved to a snapshot that lacks nothing but what is here.
    ///   - matches: whether a record with this entry belongs to the list.
    init(
        _ reader: ThreadReader, matches: (RecordView, IndexEntry) -> Bool
    ) throws(ServiceError) {
        let recent = reader.environment.recent
        var changes: [(id: ArticleID, found: RecentWrites.Found)]
        while true {
            let open = recent.transaction
            try reader.refresh()
            changes = open > reader.version ? recent.all(in: open) : []
            // If it was committed in the meantime, part of it may be gone from here, but the tables have it.
            if recent.transaction == open || changes.isEmpty && open <= reader.version { break }
        }
        ids = Set(changes.map(\.id))
        for case (let id, .at(let offset)) in changes {
            guard
                let record = unsafe try? RecordView(
                    id, at: reader.environment.heap.address(offset), in: reader.environment)
            else {
                candidates.append(Candidate(entry: IndexEntry.unknown(id), offset: offset))
                continue
            }
            let entry = IndexEntry(
                list: IndexEntry.all, time: IndexEntry.sortable(record.header.time), id: id)
            if matches(record, entry) { candidates.append(Candidate(entry: entry, offset: offset)) }
        }
        candidates.sort { $0.entry < $1.entry }
    }

    /// Whether the tables are out of date for this id.
    func covers(_ id: ArticleID) -> Bool { !ids.isEmpty && ids.contains(id) }

    /// The next candidate, unless it comes after an entry of the tables.
    mutating func next(before entry: IndexEntry?) -> Candidate? {
        guard let last = candidates.last, entry.map({ $0 < last.entry }) ?? true else { return nil }
        return candidates.removeLast()
    }
}

/// The lists of a query's terms, or the list of all records, walked in parallel.
struct Lists: ~Copyable {
    /// An array cannot hold values that cannot be copied.
    private final class Shared {
        var cursor: DescendingCursor
        init(_ cursor: consuming DescendingCursor) { self.cursor = cursor }
    }

    private var lists: [Shared] = []

    init(_ terms: TermList, _ reader: ThreadReader) throws(ServiceError) {
        // Not a sequence, because its elements are lent.
        // swift-format-ignore: ReplaceForEachWithForLoop
        try terms.forEach { term throws(ServiceError) in
            let list = unsafe term.withUnsafeBytes { unsafe IndexEntry.list(term: $0, reader.environment.hash) }
            lists.append(Shared(try reader.list(list)))
        }
        if lists.isEmpty { lists.append(Shared(try reader.list(IndexEntry.all))) }
    }

    /// The greatest entry, at most `limit`, that is in all lists.
    mutating func next(notAbove limit: IndexEntry) throws(ServiceError) -> IndexEntry? {
        var candidate = limit
        var agreeing = 0
        var index = 0
        // Each list either agrees with the candidate or lowers it, until all agree in a row.
        while agreeing < lists.count {
            guard let found = try lists[index].cursor.seek(notAbove: candidate) else { return nil }
            let entry = found.moved(to: candidate.list)
            // If the entries were not in order, a list might never end.
            guard entry <= candidate else { throw IndexDamage.outOfOrder }
            agreeing = entry == candidate ? agreeing + 1 : 1
            candidate = entry
            index = (index + 1) % lists.count
        }
        return candidate
    }
}

/// Walks a list of the index in descending order.
struct DescendingCursor: ~Copyable {
    private let cursor: Cursor
    private let list: UInt64
    private var current: IndexEntry?

    init(_ cursor: consuming Cursor, _ list: UInt64) {
        self.cursor = cursor
        self.list = list
    }

    /// The greatest entry of the list that is at most `limit`; `nil` if there is none. Limits may only decrease.
    mutating func seek(notAbove limit: IndexEntry) throws(ServiceError) -> IndexEntry? {
        let limit = limit.moved(to: list)
        if let current {
            if current <= limit { return current }
            // It is nearly always the neighbour, which is cheaper than a walk down the tree.
            let neighbour = unsafe try cursor.move(.previous) { key, _ in unsafe IndexEntry(key) } ?? nil
            if let neighbour, neighbour.list == list, neighbour > limit {
                return try descend(limit)
            }
            return remember(neighbour)
        }
        return try descend(limit)
    }

    private mutating func descend(_ limit: IndexEntry) throws(ServiceError) -> IndexEntry? {
        let above = unsafe try limit.withBytes { bytes throws(ServiceError) in
            try unsafe cursor.seek(bytes) { key, _ in unsafe IndexEntry(key) }
        }
        if let above, above == limit { return remember(above) }
        // LMDB finds the first entry that is not less. The one before it is wanted, or the last one.
        return unsafe remember(
            try cursor.move(above == nil ? .last : .previous) { key, _ in unsafe IndexEntry(key) } ?? nil)
    }

    private mutating func remember(_ entry: IndexEntry?) -> IndexEntry? {
        current = entry?.list == list ? entry : nil
        return current
    }
}
