// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

extension Fetch {
    /// fetch.list: works in steps. Each step sees its own snapshot of the storage, and continues where the last one
    /// ended. Other requests run between the steps.
    func list(_ request: ListRequest, _ responder: consuming Responder) async throws {
        var query = try StorageQuery(request)
        let list = ListCursor.list(of: query)
        var left = request.limit == 0 ? UInt64.max : request.limit
        while left > 0 {
            query.limit = Int(min(left, UInt64(StepBudget.records)))
            let step = try await step(query, list, request.view, responder)
            left -= UInt64(step.sent)
            query.after = step.last ?? query.after
            switch step.end {
            case .noMore: return responder.finish()
            case .noCredit: try await responder.writable()
            case .budget: await Task.yield()
            }
            try Task.checkCancellation()
        }
        responder.finish()
    }

    private struct Step {
        enum End {
            case noMore
            case noCredit
            case budget
        }

        var sent = 0
        var last: StorageQuery.Position?
        var end = End.noMore
        var error: ServiceError?
    }

    /// Sends the next records, as many as there is credit for, directly from the storage's memory, or after waiting for
    /// the storage.
    private func step(
        _ query: StorageQuery, _ list: UInt32, _ view: View, _ responder: borrowing Responder
    ) async throws(ServiceError) -> Step {
        var step = Step()
        var budget = StepBudget()
        func visit(_ record: borrowing StoredRecord) -> Bool {
            let position = StorageQuery.Position(time: record.time, id: record.id)
            do throws(ServiceError) {
                guard try send(record, ListCursor.encode(position, of: list), view, responder) else {
                    step.end = .noCredit
                    return false
                }
            } catch {
                step.error = error
                return false
            }
            step.sent += 1
            step.last = position
            budget.add(record.content.byteCount)
            if !budget.hasRoom { step.end = .budget }
            return budget.hasRoom
        }
        if try storage.lend(query, visit) == .mustWait {
            let page = try await storage.fetch(query)
            for record in page.records where !record.lend(visit) { break }
            // A page may be shorter than the step.
            if page.hasMore, step.end == .noMore { step.end = .budget }
        }
        if let error = step.error { throw error }
        // If the step is full, there may be more records.
        if step.sent == query.limit, step.end == .noMore { step.end = .budget }
        return step
    }

    /// Sends one `ListItem`. Returns `false` if there is no credit for it.
    private func send(
        _ record: borrowing StoredRecord, _ cursor: [UInt8], _ view: View, _ responder: borrowing Responder
    ) throws(ServiceError) -> Bool {
        do throws(ServiceError) {
            if record.isUnreadable { throw .unreadable(record.id) }
            return try record.withArticle(view) { content, trailer, _ throws(ServiceError) in
                var head = WireWriter(capacity: 8)
                head.begin(1, length: content.byteCount + trailer.byteCount)
                var tail = WireWriter(capacity: 40)
                tail.write(cursor, at: 2)
                return try responder.sendNow(head.bytes.rawSpan, content, trailer, tail.bytes.rawSpan)
            }
        } catch {
            guard let status = Status(of: record.id, error) else { throw error }
            let item = ListItem(cursor: cursor, status: status)
            return try responder.sendNow(item.encoded().rawSpan)
        }
    }
}

extension StorageQuery {
    /// Converts a client's request.
    init(_ request: ListRequest) throws(ServiceError) {
        var terms = TermList()
        let topic = Array(request.topic.utf8)
        let source = Array(request.source.utf8)
        let language = Array(request.language.utf8)
        try Self.check("topic", topic, Limits.slug)
        try Self.check("source", source, Limits.source)
        try Self.check("language", language, Limits.language)
        terms.appendTopic(topic.rawSpan)
        terms.appendSource(source.rawSpan)
        terms.appendLanguage(language.rawSpan)
        self.init(terms: terms, from: request.from, until: request.until)
        if !request.cursor.isEmpty { after = try ListCursor.decode(request.cursor, of: ListCursor.list(of: self)) }
    }

    private static func check(_ name: StaticString, _ value: [UInt8], _ most: Int) throws(ServiceError) {
        guard value.count <= most else {
            throw ServiceError(.invalidArgument, "\(name): \(value.count) bytes; at most \(most) are allowed")
        }
    }
}

/// The cursor of a list: a position in its order. It stays valid whatever is written, and belongs to the list that it
/// was issued for.
///
/// Clients treat it as opaque. Version (1 byte), time (8, big-endian), id (16), list (4), CRC-32C of the preceding
/// bytes (4).
enum ListCursor {
    static let size = 33
    private static let version: UInt8 = 2
    private static let checked = size - 4

    /// Identifies the list that a query reads, by topic, source and language. Time bounds do not matter, since a
    /// position means the same within any bounds.
    static func list(of query: StorageQuery) -> UInt32 {
        unsafe query.terms.withPackedBytes { unsafe CRC32C.checksum($0) }
    }

    static func encode(_ position: StorageQuery.Position, of list: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        bytes.append(version)
        append(UInt64(bitPattern: position.time), 8, to: &bytes)
        append(position.id.high, 8, to: &bytes)
        append(position.id.low, 8, to: &bytes)
        append(UInt64(list), 4, to: &bytes)
        append(UInt64(CRC32C.checksum(bytes)), 4, to: &bytes)
        return bytes
    }

    /// Throws `invalidArgument` unless the cursor is valid and belongs to this list.
    static func decode(_ bytes: [UInt8], of list: UInt32) throws(ServiceError) -> StorageQuery.Position {
        guard bytes.count == size, bytes[0] == version,
            read(bytes, checked, 4) == UInt64(CRC32C.checksum(Array(bytes[..<checked])))
        else { throw ServiceError(.invalidArgument, "cursor: not a cursor of fetch.list") }
        guard read(bytes, 25, 4) == UInt64(list) else {
            throw ServiceError(
                .invalidArgument,
                "cursor: it belongs to a list of another topic, source or language: use the same ones, or no cursor")
        }
        return StorageQuery.Position(
            time: Int64(bitPattern: read(bytes, 1, 8)), id: ArticleID(high: read(bytes, 9, 8), low: read(bytes, 17, 8)))
    }

    private static func append(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
        for index in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }

    private static func read(_ bytes: [UInt8], _ start: Int, _ count: Int) -> UInt64 {
        bytes[start..<start + count].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
