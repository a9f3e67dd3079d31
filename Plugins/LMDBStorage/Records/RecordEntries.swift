internal import ArticleProtocol

/// The entries of the index that lead to a record.
enum RecordEntries {
    /// Of a record with this key (empty: none), time and terms.
    static func of(
        _ id: ArticleID, key: UnsafeRawBufferPointer, time: Int64, terms: UnsafeRawBufferPointer, _ hash: KeyedHash
    ) -> [IndexEntry] {
        var entries: [IndexEntry] = []
        unsafe fill(&entries, id, key: key, time: time, terms: terms, hash)
        return entries
    }

    /// The same, in memory that is there already.
    static func fill(
        _ entries: inout [IndexEntry], _ id: ArticleID, key: UnsafeRawBufferPointer, time: Int64,
        terms: UnsafeRawBufferPointer, _ hash: KeyedHash
    ) {
        let time = IndexEntry.sortable(time)
        entries.removeAll(keepingCapacity: true)
        entries.append(IndexEntry(list: IndexEntry.all, time: time, id: id))
        if unsafe !key.isEmpty {
            entries.append(IndexEntry(list: unsafe IndexEntry.list(key: key, hash), time: 0, id: id))
        }
        unsafe PackedTerms.forEach(unsafe terms) { term in
            let entry = IndexEntry(list: unsafe IndexEntry.list(term: term, hash), time: time, id: id)
            // Two terms of one hash share an entry.
            if !entries.contains(entry) { entries.append(entry) }
        }
    }
}
