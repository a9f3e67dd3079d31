internal import ArticleProtocol
internal import HandlerKit

extension ServiceError {
    /// There is no such article; exactly one of the two names it.
    static func noArticle(_ id: ArticleID?, _ url: RawSpan) -> ServiceError {
        let name =
            id.map { "the id \($0)" } ?? "the URL \(String(decoding: [UInt8](joining: url).prefix(256), as: UTF8.self))"
        return ServiceError(.notFound, "there is no article with \(name)")
    }
}

extension Status {
    /// Of an item whose article is too large for the client; nil if that is not what went wrong.
    init?(tooLarge id: ArticleID, _ error: ServiceError) {
        guard error.code == .resourceExhausted else { return nil }
        self.init(
            code: error.code.rawValue,
            message: "the article \(id) is larger than the max_frame of the client's hello allows: give a larger one")
    }
}
