// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol

// fetch.get, fetch.getMany and fetch.list.
extension ArticleClient {
    /// Fetches the article with this id.
    ///
    /// The client checks the content against the checksum that was stored with it.
    ///
    /// - Throws: status NOT_FOUND if there is no such article, DATA_LOSS if it is damaged.
    public func get(
        id: ArticleID, view: View = .full, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> Article {
        try await get(GetRequest(id: id, view: view), policy)
    }

    /// Fetches the article with this canonical URL. URLs are compared byte by byte.
    ///
    /// The client checks the content against the checksum that was stored with it.
    ///
    /// - Throws: status NOT_FOUND if there is no such article, DATA_LOSS if it is damaged.
    public func get(
        url: String, view: View = .full, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> Article {
        try await get(GetRequest(url: url, view: view), policy)
    }

    private func get(_ request: GetRequest, _ policy: CallPolicy) async throws(ClientError) -> Article {
        let response = try await call("fetch.get", payload: request.encoded(), policy: policy.resolved(.idempotent))
        let article = try Article(response, of: "fetch.get")
        try unsafe article.verify(response.span.bytes, "fetch.get")
        return article
    }

    /// Fetches many articles in one call.
    ///
    /// - Parameter keys: at most 10,000 ids or URLs.
    /// - Returns: one result per key, in the order of the keys: the article, or the error that fetching it alone would
    ///   throw.
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

    /// Lists the articles that match a request, newest first. See ``ArticleList``.
    public func list(_ request: ListRequest = ListRequest(), policy: CallPolicy = CallPolicy()) -> ArticleList {
        ArticleList(client: self, request: request, policy: policy)
    }

    /// Lists the articles that match, newest first. See ``ArticleList``.
    ///
    /// - Parameters:
    ///   - topic: the slug of a topic; empty: any.
    ///   - source: the exact source; empty: any.
    ///   - language: the language, in any case; empty: any.
    ///   - from: the earliest time, in milliseconds since 1970-01-01T00:00:00Z.
    ///   - until: the time before which articles must be, in milliseconds since 1970-01-01T00:00:00Z.
    ///   - limit: how many articles to return; 0: all.
    ///   - view: how much of each article to return.
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

extension Article {
    /// Compares the writer's part of the encoded article with the checksum that was stored with it. A summary has none.
    func verify(_ encoded: RawSpan, _ method: String) throws(ClientError) {
        guard let contentChecksum else { return }
        guard let size = Int(exactly: contentSize), size <= encoded.byteCount,
            CRC32C.checksum(encoded.extracting(0..<size)) == contentChecksum
        else {
            throw .dataLoss(
                "\(method): article \(id.map { "\($0)" } ?? "") is damaged: its content does not match the checksum that "
                    + "was stored with it. Restore it from a copy, or store it again")
        }
    }

    /// Does the same for an article that is a field of the encoded `message`.
    func verify(inMessage message: [UInt8], field: UInt32, _ method: String) throws(ClientError) {
        var reader = unsafe WireReader(message.span.bytes)
        do throws(ServiceError) {
            while try reader.next() {
                guard reader.field == field else {
                    try reader.skip()
                    continue
                }
                let encoded = try reader.span()
                do throws(ClientError) { try verify(encoded, method) } catch {
                    throw ServiceError(.dataLoss, error.message)
                }
            }
        } catch {
            throw error.code == .dataLoss ? .dataLoss(error.message) : .violation("\(method): \(error.message)")
        }
    }
}
