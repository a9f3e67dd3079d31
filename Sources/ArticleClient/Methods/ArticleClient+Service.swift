public import ArticleProtocol

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
