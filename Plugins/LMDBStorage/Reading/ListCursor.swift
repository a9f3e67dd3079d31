internal import ArticleProtocol

/// A place in a list of the index, walked downwards.
struct ListCursor: ~Copyable {
    private let cursor: Cursor
    private let list: UInt64
    private var current: IndexEntry?

    init(_ cursor: consuming Cursor, _ list: UInt64) {
        self.cursor = cursor
        self.list = list
    }

    /// The greatest entry of the list that is not above `limit`; `nil` if there is none. Limits only ever sink.
    mutating func seek(notAbove limit: IndexEntry) throws(ServiceError) -> IndexEntry? {
        let limit = limit.moved(to: list)
        if let current {
            if current <= limit { return current }
            // The neighbour is it nearly always, and cheaper than the way down the tree.
            let neighbour = unsafe try cursor.move(.previous) { key, _ in unsafe IndexEntry(key) } ?? nil
            if let neighbour, neighbour.list == list, neighbour > limit {
                return try descend(limit)
            }
            return settle(neighbour)
        }
        return try descend(limit)
    }

    private mutating func descend(_ limit: IndexEntry) throws(ServiceError) -> IndexEntry? {
        let above = unsafe try limit.withBytes { bytes throws(ServiceError) in
            try unsafe cursor.seek(bytes) { key, _ in unsafe IndexEntry(key) }
        }
        if let above, above == limit { return settle(above) }
        // LMDB finds what is not below; what is wanted stands before that, or at the end.
        return unsafe settle(
            try cursor.move(above == nil ? .last : .previous) { key, _ in unsafe IndexEntry(key) } ?? nil)
    }

    private mutating func settle(_ entry: IndexEntry?) -> IndexEntry? {
        current = entry?.list == list ? entry : nil
        return current
    }
}
