internal import ArticleProtocol
internal import HandlerKit

extension Fetch {
    /// fetch.getMany: an item for each key, in their order, straight from the storage's memory as long as there is credit.
    func getMany(_ request: GetManyRequest, _ responder: consuming Responder) async throws {
        var pace = Pace()
        for (index, key) in request.keys.enumerated() {
            while true {
                let (isSent, size) = try send(key, UInt64(index), request.view, responder)
                if isSent {
                    pace.add(size)
                    break
                }
                try await responder.writable()
                pace = Pace()
            }
            if !pace.hasRoom {
                // Others have their turn.
                await Task.yield()
                try Task.checkCancellation()
                pace = Pace()
            }
        }
        responder.finish()
    }

    /// Sends the item of one key. `false` if there is no credit for it.
    private func send(
        _ key: ArticleKey, _ index: UInt64, _ view: View, _ responder: borrowing Responder
    ) throws(ServiceError) -> (Bool, Int) {
        var sent: Result<(Bool, Int), ServiceError> = .success((false, 0))
        let missing = try read(key) { record in
            do throws(ServiceError) {
                let isSent = try record.withArticle(view) { content, trailer, _ throws(ServiceError) in
                    var head = WireWriter(capacity: 24)
                    head.write(index, at: 1)
                    head.begin(2, length: content.byteCount + trailer.byteCount)
                    return try responder.sendNow(head.bytes.rawSpan, content, trailer)
                }
                sent = .success((isSent, record.content.byteCount))
            } catch {
                guard let status = Status(of: record.id, error) else {
                    sent = .failure(error)
                    return
                }
                do throws(ServiceError) {
                    sent = .success(
                        (
                            try responder.sendNow(
                                GetManyItem(index: index, status: status).encoded().rawSpan), 0
                        ))
                } catch {
                    sent = .failure(error)
                }
            }
        }
        guard let missing else { return try sent.get() }
        let item = GetManyItem(index: index, status: Status(code: missing.code.rawValue, message: missing.message))
        return (try responder.sendNow(item.encoded().rawSpan), 0)
    }

    /// Lends the record that the key names, or tells why there is none: it is missing, or damaged.
    private func read(
        _ key: ArticleKey, _ lend: (borrowing StoredRecord) -> Void
    ) throws(ServiceError) -> ServiceError? {
        do throws(ServiceError) {
            switch (key.id, key.url.isEmpty) {
            case (let id?, true): return try storage.read(id: id, lend) ? nil : .noArticle(id, RawSpan())
            case (nil, false):
                let url = Array(key.url.utf8)
                return try storage.read(key: url.rawSpan, lend) ? nil : .noArticle(nil, url.rawSpan)
            default: return ServiceError(.invalidArgument, "exactly one of id and url is needed")
            }
        } catch {
            if error.code == .dataLoss { return error }
            throw error
        }
    }
}
