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

extension Article {
    /// Compares the writer's part of the encoded article with the checksum that was stored with it. A view of an
    /// article has none.
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

    /// The same for an article that is a field of the encoded `message`.
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
