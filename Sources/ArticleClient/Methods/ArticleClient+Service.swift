// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol

// classify.text, classify.article and classify.topics.
extension ArticleClient {
    /// Classifies a text.
    ///
    /// - Parameters:
    ///   - language: a BCP 47 tag, if it is known; empty: the service detects it.
    ///   - explain: whether to return the phrases that decided.
    /// - Throws: status FAILED_PRECONDITION if the service has no model.
    public func classify(
        title: String = "", text: String, language: String = "", explain: Bool = false,
        policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> Classification {
        try await call(
            "classify.text", ClassifyTextRequest(title: title, body: text, explain: explain, language: language),
            policy: policy.resolved(.idempotent))
    }

    /// Classifies a stored article.
    ///
    /// - Parameters:
    ///   - explain: whether to return the phrases that decided.
    ///   - writeBack: whether to store the topics with the article. The client does not send such a call again by
    ///     itself, because a second attempt could overwrite topics that somebody set in between. The error of an
    ///     unknown outcome has ``ClientError/mayHaveRun``.
    /// - Throws: status NOT_FOUND if there is no such article, FAILED_PRECONDITION if the service has no model.
    public func classify(
        _ key: ArticleKey, explain: Bool = false, writeBack: Bool = false, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> ClassifyArticleResult {
        try await call(
            "classify.article", ClassifyArticleRequest(key: key, explain: explain, writeBack: writeBack),
            policy: policy.resolved(writeBack ? .never : .idempotent))
    }

    /// The topics of the service's model.
    public func topics(policy: CallPolicy = CallPolicy()) async throws(ClientError) -> TopicsResult {
        try await call("classify.topics", TopicsRequest(), policy: policy.resolved(.idempotent))
    }
}

// service.*: the methods of articled itself.
extension ArticleClient {
    /// Tests the path to the service. `payload` (at most 1024 bytes) comes back.
    public func ping(
        _ payload: [UInt8] = [], policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> PingResult {
        try await call("service.ping", PingRequest(payload: payload), policy: policy.resolved(.idempotent))
    }

    /// The service's version, plugins, methods and listeners.
    public func describe(policy: CallPolicy = CallPolicy()) async throws(ClientError) -> ServiceDescription {
        try await call("service.describe", DescribeRequest(), policy: policy.resolved(.idempotent))
    }

    /// The health of the service and its plugins.
    public func health(policy: CallPolicy = CallPolicy()) async throws(ClientError) -> HealthResult {
        try await call("service.health", HealthRequest(), policy: policy.resolved(.idempotent))
    }

    /// The service's counters since its start.
    public func stats(policy: CallPolicy = CallPolicy()) async throws(ClientError) -> StatsResult {
        try await call("service.stats", StatsRequest(), policy: policy.resolved(.idempotent))
    }

    /// The service's metrics, as text in the format of OpenMetrics 1.0.
    public func metrics(policy: CallPolicy = CallPolicy()) async throws(ClientError) -> String {
        let result: MetricsResult = try await call(
            "service.metrics", MetricsRequest(), policy: policy.resolved(.idempotent))
        return result.text
    }
}
