public import ArticleProtocol

/// classify.*
extension ArticleClient {
    /// The topics of a text.
    public func classify(
        title: String = "", text: String, explain: Bool = false, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> Classification {
        try await call(
            "classify.text", ClassifyTextRequest(title: title, body: text, explain: explain),
            policy: policy.resolved(.idempotent))
    }

    /// The topics of a stored article; with `writeBack` they are stored with it.
    ///
    /// With `writeBack` it is not sent again by itself, as the second would overwrite topics that somebody else gave the
    /// article after the first: ``ClientError/mayHaveRun``.
    public func classify(
        _ key: ArticleKey, explain: Bool = false, writeBack: Bool = false, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> ClassifyArticleResult {
        try await call(
            "classify.article", ClassifyArticleRequest(key: key, explain: explain, writeBack: writeBack),
            policy: policy.resolved(writeBack ? .never : .idempotent))
    }

    /// The topics that the service's model knows.
    public func topics(policy: CallPolicy = CallPolicy()) async throws(ClientError) -> TopicsResult {
        try await call("classify.topics", TopicsRequest(), policy: policy.resolved(.idempotent))
    }
}
