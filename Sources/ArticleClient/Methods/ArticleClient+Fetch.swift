public import ArticleProtocol

/// fetch.*  Each article is checked against the checksum that was stored with it: a byte that flipped on a disk or on the
/// way throws status DATA_LOSS.
extension ArticleClient {
    /// The article with this id; status NOT_FOUND if there is none.
    public func get(
        id: ArticleID, view: View = .full, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> Article {
        try await get(GetRequest(id: id, view: view), policy)
    }

    /// The article with this canonical URL; status NOT_FOUND if there is none.
    public func get(
        url: String, view: View = .full, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> Article {
        try await get(GetRequest(url: url, view: view), policy)
    }

    private func get(_ request: GetRequest, _ policy: CallPolicy) async throws(ClientError) -> Article {
        let answer = try await call("fetch.get", payload: request.encoded(), policy: policy.resolved(.idempotent))
        let article = try Article(answer, of: "fetch.get")
        try unsafe article.verify(answer.span.bytes, "fetch.get")
        return article
    }

    /// Many articles in one call. Each key is answered, in the order of the keys: with the article, or with the error that
    /// fetching it alone would have thrown.
    public func getMany(
        _ keys: [ArticleKey], view: View = .full, policy: CallPolicy = CallPolicy()
    ) -> ResponseStream<Result<Article, ClientError>> {
        let request = GetManyRequest(keys: keys, view: view)
        return ResponseStream(
            client: self, method: "fetch.getMany", request: request.encoded(), policy: policy.resolved(.idempotent)
        ) { (bytes) throws(ClientError) in
            let item = try GetManyItem(bytes, of: "fetch.getMany")
            if let status = item.status { return .failure(.status(status, of: "fetch.getMany")) }
            guard let article = item.article else {
                throw .violation("fetch.getMany: an item has neither an article nor a status")
            }
            do throws(ClientError) {
                try article.verify(inMessage: bytes, field: 2, "fetch.getMany")
                return .success(article)
            } catch {
                return .failure(error)
            }
        }
    }

    /// The articles that match, newest first: see ``ArticleList``.
    public func list(_ request: ListRequest = ListRequest(), policy: CallPolicy = CallPolicy()) -> ArticleList {
        ArticleList(client: self, request: request, policy: policy)
    }

    /// The articles that match, newest first. An empty `topic`, `source` or `language` matches any; times are milliseconds
    /// since 1970; a `limit` of 0 is none.
    public func list(
        topic: String = "", source: String = "", language: String = "", from: Int64? = nil, until: Int64? = nil,
        limit: UInt64 = 0, view: View = .summary, policy: CallPolicy = CallPolicy()
    ) -> ArticleList {
        list(
            ListRequest(
                topic: topic, source: source, language: language, from: from, until: until, limit: limit, view: view),
            policy: policy)
    }
}
