internal import ArticleProtocol
internal import HandlerKit

/// The records that are in all of a query's lists, newest first: the lists leap over each other to the next place that all
/// of them share, so that the work follows the rarest term. What is not committed yet is merged in (``RecentPart``).
struct Scan {
    let query: StorageQuery
    let reader: ThreadReader

    func forEach(_ visit: (borrowing StoredRecord) -> Bool) throws(ServiceError) {
        guard query.limit > 0, let start else { return }
        let lowest = query.from.map(IndexEntry.sortable) ?? 0
        var recent = try RecentPart(reader) { record, place in
            place <= start && place.time >= lowest && hasAllTerms(record)
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

    /// Lends the record that an entry of the tables leads to.
    ///
    /// - Parameter isSkipped: it belongs to no record of the list: two terms may share a hash.
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
        _ found: RecentPart.Candidate, _ visit: (borrowing StoredRecord) -> Bool
    ) throws(ServiceError) -> Bool {
        do throws(ServiceError) {
            let start = unsafe reader.environment.heap.address(found.offset)
            return try unsafe RecordView(found.place.id, at: start, in: reader.environment).lend(visit)
        } catch {
            return lendUnreadable(found.place, visit)
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
        let place = IndexEntry(list: IndexEntry.all, time: IndexEntry.sortable(after.time), id: after.id)
        return place.predecessor.map { min($0, highest) }
    }

    /// Of a record that cannot be read, the index knows the place.
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
