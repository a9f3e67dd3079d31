internal import ArticleProtocol
internal import HandlerKit

extension Store {
    /// store.put
    func put(_ payload: RawSpan, _ response: PendingResponse) {
        do throws(ServiceError) {
            let request = try LentPutRequest(payload)
            try storage.put(
                article: request.article, expectedRevision: request.expectedRevision, awaitsTopics: marksForTopics
            ) { result in
                response.complete(PutResult.of(result).map { $0.encoded() })
            }
        } catch {
            response.fail(error)
        }
    }

    /// store.delete
    func delete(_ payload: RawSpan, _ response: PendingResponse) {
        do throws(ServiceError) {
            let request = try DeleteRequest(decoding: payload)
            let key = request.key ?? ArticleKey()
            switch (key.id, key.url.isEmpty) {
            case (let id?, true):
                storage.write(StorageWrite(delete: id, expectedRevision: request.expectedRevision)) { result in
                    response.complete(DeleteResult.of(result).map { $0.encoded() })
                }
            case (nil, false):
                let url = Array(key.url.utf8)
                storage.write(StorageWrite(deleteKey: url.rawSpan, expectedRevision: request.expectedRevision)) {
                    result in response.complete(DeleteResult.of(result).map { $0.encoded() })
                }
            default: throw ServiceError(.invalidArgument, "key: exactly one of id and url is needed")
            }
        } catch {
            response.fail(error)
        }
    }
}
