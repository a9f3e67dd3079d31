// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol

// search.query, search.suggest, search.related and search.status.
extension ArticleClient {
    /// Finds articles by what a person typed. PROTOCOL.md, "Searching", has the syntax. What cannot be parsed is searched as
    /// words: see `notes` of the result.
    ///
    /// ```swift
    /// let result = try await client.search("lũ lụt -bão", topic: "thoi-su")
    /// for hit in result.hits { print(hit.title?.text ?? "") }
    /// ```
    ///
    /// - Parameters:
    ///   - query: what was typed; empty: all articles.
    ///   - topic: the slug of a topic; empty: any.
    ///   - source: the exact source; empty: any.
    ///   - language: the language, in any case; empty: any.
    ///   - from: the earliest time, in milliseconds since 1970-01-01T00:00:00Z.
    ///   - until: the time before which articles must be, in milliseconds since 1970-01-01T00:00:00Z.
    ///   - order: the order of the hits.
    ///   - limit: the most hits, 1 to 100.
    ///   - cursor: the cursor of the page before, to continue behind it.
    ///   - facets: whether to count all hits by topic, source and month.
    ///   - articles: whether to return the articles as well.
    /// - Throws: status UNIMPLEMENTED if the service has no search, UNAVAILABLE while its index cannot be opened.
    public func search(
        _ query: String, topic: String = "", source: String = "", language: String = "", from: Int64? = nil,
        until: Int64? = nil, order: SearchOrder = .relevance, limit: UInt32 = 10, cursor: [UInt8] = [],
        facets: Bool = false, articles: Bool = false, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> SearchResult {
        try await search(
            SearchRequest(
                query: query, topic: topic, source: source, language: language, from: from, until: until, order: order,
                limit: limit, cursor: cursor, articles: articles, facets: facets), policy: policy)
    }

    /// Finds articles. The client checks the content of returned articles against the checksums that were stored with them.
    ///
    /// - Throws: as ``search(_:topic:source:language:from:until:order:limit:cursor:facets:articles:policy:)`` does; DATA_LOSS
    ///   if a returned article is damaged.
    public func search(
        _ request: SearchRequest, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> SearchResult {
        try await hits("search.query", request, articles: request.articles, policy)
    }

    /// Completes what a person has typed so far: for a list below a search field.
    ///
    /// - Parameter limit: the most suggestions, 1 to 20.
    /// - Returns: what the query may become, best first, in the spelling of the articles' titles.
    public func suggestions(
        for query: String, limit: UInt32 = 8, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> SuggestResult {
        try await call(
            "search.suggest", SuggestRequest(query: query, limit: limit), policy: policy.resolved(.idempotent))
    }

    /// Finds articles that are about the same as a stored one.
    ///
    /// - Parameters:
    ///   - key: the stored article.
    ///   - limit: the most hits, 1 to 100.
    ///   - articles: whether to return the articles as well.
    /// - Throws: status NOT_FOUND if there is no such article.
    public func related(
        to key: ArticleKey, limit: UInt32 = 10, articles: Bool = false, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> SearchResult {
        try await related(RelatedRequest(key: key, limit: limit, articles: articles), policy: policy)
    }

    /// Finds stored articles that are about the same as a text.
    public func related(
        toTitle title: String = "", text: String, limit: UInt32 = 10, articles: Bool = false,
        policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> SearchResult {
        try await related(RelatedRequest(title: title, body: text, limit: limit, articles: articles), policy: policy)
    }

    /// Finds articles that are about the same.
    public func related(
        _ request: RelatedRequest, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> SearchResult {
        try await hits("search.related", request, articles: request.articles, policy)
    }

    /// A call that returns hits, and checks their articles.
    private func hits(
        _ method: String, _ request: some ProtocolMessage, articles: Bool, _ policy: CallPolicy
    ) async throws(ClientError) -> SearchResult {
        let response = try await call(method, payload: request.encoded(), policy: policy.resolved(.idempotent))
        let result = try SearchResult(response, of: method)
        if articles { try result.verifyArticles(in: response, of: method) }
        return result
    }

    /// The state of the search index.
    public func searchStatus(policy: CallPolicy = CallPolicy()) async throws(ClientError) -> SearchStatus {
        try await call("search.status", SearchStatusRequest(), policy: policy.resolved(.idempotent))
    }
}

extension SearchResult {
    /// Compares each article of the encoded message with its checksum.
    fileprivate func verifyArticles(in message: [UInt8], of method: String) throws(ClientError) {
        var encoded: [[UInt8]] = []
        do throws(ServiceError) {
            var reader = unsafe WireReader(message.span.bytes)
            while try reader.next() {
                if reader.field == 1 { encoded.append(try reader.byteArray()) } else { try reader.skip() }
            }
        } catch {
            throw .violation("\(method): \(error.message)")
        }
        for (hit, bytes) in zip(hits, encoded) {
            try hit.article?.verify(inMessage: bytes, field: 9, method)
        }
    }
}
