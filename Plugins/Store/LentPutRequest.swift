internal import ArticleProtocol
internal import HandlerKit

/// A `PutRequest` whose article stays where it is: its bytes are what is stored.
struct LentPutRequest: ~Copyable, ~Escapable {
    let article: RawSpan
    let expectedRevision: UInt64?

    /// Throws `invalidArgument` unless there is exactly one article.
    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) throws(ServiceError) {
        var reader = WireReader(bytes)
        var article = RawSpan()
        var isGiven = false
        var expectedRevision: UInt64?
        while try reader.next() {
            switch reader.field {
            case 1:
                if isGiven { throw reader.malformed("a second article") }
                article = try reader.span()
                isGiven = true
            case 2: expectedRevision = try reader.uint64()
            default: try reader.skip()
            }
        }
        guard isGiven else { throw ServiceError(.invalidArgument, "article: there is none") }
        self.article = article
        self.expectedRevision = expectedRevision
    }
}
