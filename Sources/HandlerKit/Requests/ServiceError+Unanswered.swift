internal import ArticleProtocol

extension ServiceError {
    /// What a client gets whose request a plugin has dropped.
    static var unanswered: ServiceError { ServiceError(.internal, "the handler did not answer") }
}
