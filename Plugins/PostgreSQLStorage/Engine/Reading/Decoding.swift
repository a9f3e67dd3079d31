// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

extension RecordCopy {
    /// A row that begins with id, revision, created_at, stored_at, time, checksum, key and content.
    ///
    /// `nil` if the content is not what was written: its checksum does not match.
    init?(_ rows: Rows, _ row: Int, from column: Int = 0, id idColumn: Int = 0) {
        let checksum = UInt32(truncatingIfNeeded: rows.number(row, column + 5))
        let content = rows.bytes(row, column + 7)
        guard CRC32C.checksum(content) == checksum else { return nil }
        self.init(
            id: rows.id(row, idColumn), revision: UInt64(clamping: rows.number(row, column + 1)),
            createdAt: rows.number(row, column + 2), storedAt: rows.number(row, column + 3),
            time: rows.number(row, column + 4), contentChecksum: checksum, content: content,
            key: rows.bytes(row, column + 6))
    }

    /// A record that cannot be read: see ``StoredRecord/isUnreadable``.
    init(unreadable id: ArticleID, time: Int64 = 0) {
        self.init(
            id: id, revision: 0, createdAt: 0, storedAt: 0, time: time, contentChecksum: .max, content: [], key: [])
    }
}

extension StorageQuery {
    /// The query, unless nothing can match.
    func statement() -> Query? {
        // The greatest place that may match.
        var last = (time: Int64.max, id: ArticleID(high: .max, low: .max))
        if let until {
            guard until > .min else { return nil }
            last.time = until - 1
        }
        if let after {
            guard let before = after.predecessor else { return nil }
            if (before.time, before.id) < last { last = before }
        }
        if limit <= 0 || terms.count > Self.termLimit { return nil }
        return Query(Statement.scans[terms.count]) { parameters in
            parameters.add(from ?? .min)
            parameters.add(last.time)
            parameters.add(last.id)
            parameters.add(Int64(pageSize))
            parameters.add(Int64(RecordPage.bytes))
            for term in PackedTerms(terms).all { parameters.add(term) }
        }
    }

    /// The most records of a page.
    var pageSize: Int { min(limit, RecordPage.records) }
}

extension StorageQuery.Position {
    /// The place before this one, in ascending order.
    fileprivate var predecessor: (time: Int64, id: ArticleID)? {
        if id.low > 0 { return (time, ArticleID(high: id.high, low: id.low - 1)) }
        if id.high > 0 { return (time, ArticleID(high: id.high - 1, low: .max)) }
        return time > .min ? (time - 1, ArticleID(high: .max, low: .max)) : nil
    }
}

extension RecordPage {
    init(_ rows: Rows, _ query: StorageQuery) {
        self.init()
        var bytes = 0
        for row in 0..<rows.count {
            let record = RecordCopy(rows, row) ?? RecordCopy(unreadable: rows.id(row, 0), time: rows.number(row, 4))
            bytes += rows.size(row, 7)
            records.append(record)
        }
        hasMore = rows.count > 0 && (rows.count >= query.pageSize || bytes >= Self.bytes)
    }
}
