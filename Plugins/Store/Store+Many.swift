internal import ArticleProtocol
internal import HandlerKit

extension Store {
    /// store.putMany: writes as the messages come, tells the results as the writes complete, and takes no more messages
    /// than the window has room for, so that neither the disk nor a client that does not read is run over.
    func putMany(_ messages: RequestMessages, _ responder: consuming Responder) async throws {
        let window = PutWindow()
        async let reading: Void = read(messages, window)
        do {
            while let results = await window.results() {
                for result in results {
                    try await responder.send(result.message)
                    window.told(result)
                }
            }
        } catch {
            window.abandon()
            throw error
        }
        try await reading
        responder.finish()
    }

    /// Hands every message to the storage. Reading ends with the client's last message, or when nobody waits any more.
    private func read(_ messages: RequestMessages, _ window: PutWindow) async throws {
        defer { window.close() }
        var index: UInt64 = 0
        for try await message in messages {
            guard await window.admit(message.count) else { return }
            put(message, index, window)
            index += 1
        }
    }

    private func put(_ message: [UInt8], _ index: UInt64, _ window: PutWindow) {
        let size = message.count
        do throws(ServiceError) {
            let request = try LentPutRequest(message.rawSpan)
            try storage.put(
                article: request.article, expectedRevision: request.expectedRevision, awaitsTopics: marksForTopics
            ) { result in
                window.complete(PutManyResult.of(PutResult.of(result), index: index), size)
            }
        } catch {
            window.complete(PutManyResult.of(.failure(error), index: index), size)
        }
    }
}
