// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol

// duplicates.of, duplicates.groups and duplicates.status.
extension ArticleClient {
    /// Finds the near-identical articles of a stored one: those that it was copied from, and its copies.
    ///
    /// ```swift
    /// let result = try await client.duplicates(of: ArticleKey(id: id))
    /// if let first = result.first, first != id { print("copied from", first) }
    /// ```
    ///
    /// - Parameters:
    ///   - key: the stored article.
    ///   - threshold: the least similarity, 0.3 to 1; 0: what the service is configured to use.
    ///   - limit: the most articles, 1 to 100.
    /// - Throws: status NOT_FOUND if there is no such article, UNIMPLEMENTED if the service does not compare articles.
    public func duplicates(
        of key: ArticleKey, threshold: Float = 0, limit: UInt32 = 20, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> DuplicatesResult {
        try await duplicates(DuplicatesRequest(key: key, threshold: threshold, limit: limit), policy: policy)
    }

    /// Finds the stored articles that are near-identical to an article that need not be stored.
    ///
    /// - Parameters:
    ///   - article: of which title, summary and body are compared.
    ///   - threshold: the least similarity, 0.3 to 1; 0: what the service is configured to use.
    ///   - limit: the most articles, 1 to 100.
    /// - Throws: status UNIMPLEMENTED if the service does not compare articles.
    public func duplicates(
        of article: Article, threshold: Float = 0, limit: UInt32 = 20, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> DuplicatesResult {
        try await duplicates(
            DuplicatesRequest(
                title: article.title, summary: article.summary, body: article.body, threshold: threshold, limit: limit),
            policy: policy)
    }

    /// Finds near-identical articles.
    public func duplicates(
        _ request: DuplicatesRequest, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> DuplicatesResult {
        try await call("duplicates.of", request, policy: policy.resolved(.idempotent))
    }

    /// The groups of near-identical articles that have an article with these values. The group of the newest article comes
    /// first.
    ///
    /// - Parameters:
    ///   - source: the exact source; empty: any.
    ///   - from: the earliest time, in milliseconds since 1970-01-01T00:00:00Z.
    ///   - until: the time before which the article must be, in milliseconds since 1970-01-01T00:00:00Z.
    ///   - threshold: the least similarity, 0.3 to 1; 0: what the service is configured to use.
    ///   - limit: the most groups; 0: all.
    public func duplicateGroups(
        source: String = "", from: Int64? = nil, until: Int64? = nil, threshold: Float = 0, limit: UInt64 = 0,
        policy: CallPolicy = CallPolicy()
    ) -> ResponseStream<DuplicateGroup> {
        stream(
            "duplicates.groups",
            DuplicateGroupsRequest(source: source, from: from, until: until, threshold: threshold, limit: limit),
            policy: policy.resolved(.idempotent))
    }

    /// The state of the index that articles are compared with.
    public func duplicatesStatus(policy: CallPolicy = CallPolicy()) async throws(ClientError) -> DuplicatesStatus {
        try await call("duplicates.status", DuplicatesStatusRequest(), policy: policy.resolved(.idempotent))
    }
}
