internal import ArticleProtocol
internal import HandlerKit

extension Fetch {
    /// fetch.list: in steps, each one view of the storage, from where the last one ended; between them others have their turn.
    func list(_ request: ListRequest, _ responder: consuming Responder) async throws {
        var query = try StorageQuery(request)
        let list = ListCursor.list(of: query)
        var left = request.limit == 0 ? UInt64.max : request.limit
        while left > 0 {
            query.limit = Int(min(left, UInt64(Pace.records)))
            let step = try send(query, list, request.view, responder)
            left -= UInt64(step.sent)
            query.after = step.last ?? query.after
            switch step.end {
            case .noMore: return responder.finish()
            case .noCredit: try await responder.writable()
            case .pace: await Task.yield()
            }
            try Task.checkCancellation()
        }
        responder.finish()
    }

    private struct Step {
        enum End {
            case noMore
            case noCredit
            case pace
        }

        var sent = 0
        var last: StorageQuery.Position?
        var end = End.noMore
        var error: ServiceError?
    }

    /// Sends the next records, as many as there is credit for, straight from the storage's memory.
    private func send(
        _ query: StorageQuery, _ list: UInt32, _ view: View, _ responder: borrowing Responder
    ) throws(ServiceError) -> Step {
        var step = Step()
        var pace = Pace()
        try storage.scan(query) { record in
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
            pace.add(record.content.byteCount)
            if !pace.hasRoom { step.end = .pace }
            return pace.hasRoom
        }
        if let error = step.error { throw error }
        // A step that ended because it was full may have more behind it.
        if step.sent == query.limit, step.end == .noMore { step.end = .pace }
        return step
    }

    /// Sends one `ListItem`. `false` if there is no credit for it.
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
    /// What a client asks for, as the storage understands it.
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
