internal import ArticleProtocol
internal import HandlerKit

extension ServiceError {
    /// There is no such article; exactly one of the two names it.
    static func noArticle(_ id: ArticleID?, _ url: RawSpan) -> ServiceError {
        let name =
            id.map { "the id \($0)" } ?? "the URL \(String(decoding: [UInt8](joining: url).prefix(256), as: UTF8.self))"
        return ServiceError(.notFound, "there is no article with \(name)")
    }

    /// It is there, and cannot be read.
    static func unreadable(_ id: ArticleID) -> ServiceError {
        ServiceError(.dataLoss, "the article \(id) is damaged: restore it from a backup, or store it again")
    }
}

extension Status {
    /// Of an item whose article cannot be given: it is too large for the client, or damaged. nil if what went wrong is not
    /// this one article's affair.
    init?(of id: ArticleID, _ error: ServiceError) {
        switch error.code {
        case .resourceExhausted:
            self.init(
                code: error.code.rawValue,
                message:
                    "the article \(id) is larger than the max_frame of the client's hello allows: give a larger one")
        case .dataLoss: self.init(code: error.code.rawValue, message: error.message)
        default: return nil
        }
    }
}
