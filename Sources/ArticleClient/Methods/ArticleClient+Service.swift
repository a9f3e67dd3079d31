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

/// service.*: what articled itself answers.
extension ArticleClient {
    /// Asks for a sign of life; `payload` (at most 1024 bytes) comes back.
    public func ping(
        _ payload: [UInt8] = [], policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> PingResult {
        try await call("service.ping", PingRequest(payload: payload), policy: policy.resolved(.idempotent))
    }

    /// Version, plugins, methods, listeners.
    public func describe(policy: CallPolicy = CallPolicy()) async throws(ClientError) -> ServiceDescription {
        try await call("service.describe", DescribeRequest(), policy: policy.resolved(.idempotent))
    }

    /// How the service and its plugins are.
    public func health(policy: CallPolicy = CallPolicy()) async throws(ClientError) -> HealthResult {
        try await call("service.health", HealthRequest(), policy: policy.resolved(.idempotent))
    }

    /// What the service has done since it started.
    public func stats(policy: CallPolicy = CallPolicy()) async throws(ClientError) -> StatsResult {
        try await call("service.stats", StatsRequest(), policy: policy.resolved(.idempotent))
    }

    /// What the service has done since it started, as text in OpenMetrics 1.0.
    public func metrics(policy: CallPolicy = CallPolicy()) async throws(ClientError) -> String {
        let result: MetricsResult = try await call(
            "service.metrics", MetricsRequest(), policy: policy.resolved(.idempotent))
        return result.text
    }
}
