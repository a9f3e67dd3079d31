internal import ArticleProtocol
internal import HandlerKit

/// Answers a fetch.get with the record that it is lent.
struct GetAnswer: RecordReader, ~Copyable {
    var view = View.full
    private var responder: Responder?

    init(_ responder: consuming Responder) { self.responder = consume responder }

    mutating func read(_ record: borrowing StoredRecord) {
        do throws(ServiceError) {
            try record.withArticle(view) { content, trailer, checksum in
                responder.take()?.respond(content, trailer, checksum: checksum)
            }
        } catch {
            fail(error)
        }
    }

    mutating func fail(_ error: ServiceError) { responder.take()?.fail(error) }
}
