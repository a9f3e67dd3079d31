internal import ArticleProtocol
internal import HandlerKit

/// The records that are in all of a query's lists, newest first: the lists leap over each other to the next place that all
/// of them share, so that the work follows the rarest term.
struct Scan {
    let query: StorageQuery
    let reader: ThreadReader

    func forEach(_ visit: (borrowing StoredRecord) -> Bool) throws(ServiceError) {
        guard query.limit > 0, var limit = start else { return }
        let lowest = query.from.map(IndexEntry.sortable) ?? 0
        var lists = try Lists(query.terms, reader)
        var visited = 0
        while let entry = try lists.next(notAbove: limit), entry.time >= lowest {
            let goesOn: Bool?
            do throws(ServiceError) {
                goesOn = try reader.record(entry.id) { record throws(ServiceError) -> Bool in
                    // An entry says only that a record may be here: two terms may share a hash.
                    guard IndexEntry.sortable(record.header.time) == entry.time, hasAllTerms(record) else {
                        return true
                    }
                    visited += 1
                    return record.lend(visit) && visited < query.limit
                }
            } catch {
                if error.code != .dataLoss { throw error }
                visited += 1
                goesOn = lendUnreadable(entry, visit) && visited < query.limit
            }
            guard goesOn ?? true, let next = entry.predecessor else { return }
            limit = next
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
