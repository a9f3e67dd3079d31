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
