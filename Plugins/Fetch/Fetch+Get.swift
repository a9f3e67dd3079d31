internal import ArticleProtocol
internal import HandlerKit

extension Fetch {
    /// fetch.get, without memory of its own: the request is read where it lies.
    func get(_ payload: RawSpan, _ responder: consuming Responder) {
        var answer = GetAnswer(responder)
        do throws(ServiceError) {
            let request = try LentGetRequest(payload)
            answer.view = request.view
            let isFound: Bool
            if let id = request.id {
                isFound = try storage.read(id: id, into: &answer)
            } else {
                isFound = try storage.read(key: request.url, into: &answer)
            }
            if !isFound { answer.fail(.noArticle(request.id, request.url)) }
        } catch {
            answer.fail(error)
        }
    }
}
