public import ArticleProtocol

/// store.*
extension ArticleClient {
    /// Stores an article: creates it, or replaces the one with its id, or else with its URL.
    ///
    /// An article with neither gets an id here, so that sending it twice stores it once. With `expectedRevision` (0: it must
    /// not exist yet) a mismatch throws status CONFLICT and changes nothing.
    ///
    /// Repeating: a put without condition is sent again if a connection is lost or its outcome is unknown, as storing the
    /// same content twice changes nothing. A put with a condition is not, as the second would find its own first in the way: the error then
    /// has ``ClientError/mayHaveRun``, and the article's revision tells what happened.
    ///
    /// An article that breaks a limit of the protocol is not sent: ``ClientError/Kind/invalidRequest``.
    public func put(
        _ article: Article, expectedRevision: UInt64? = nil, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> PutResult {
        let request = PutRequest(article: article.named(), expectedRevision: expectedRevision)
        let answer = try await call(
            "store.put", payload: request.encodedWithinLimits("store.put"),
            policy: policy.resolved(expectedRevision == nil ? .idempotent : .never))
        return try PutResult(answer, of: "store.put")
    }

    /// Deletes an article. With `expectedRevision` a mismatch throws status CONFLICT and changes nothing.
    ///
    /// It is not sent again by itself, as the second would find nothing: ``ClientError/mayHaveRun``.
    public func delete(
        _ key: ArticleKey, expectedRevision: UInt64? = nil, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> DeleteResult {
        try await call(
            "store.delete", DeleteRequest(key: key, expectedRevision: expectedRevision), policy: policy.resolved(.never)
        )
    }

    /// Deletes the article with this id.
    public func delete(
        id: ArticleID, expectedRevision: UInt64? = nil, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> DeleteResult {
        try await delete(ArticleKey(id: id), expectedRevision: expectedRevision, policy: policy)
    }
}

extension Article {
    /// The article with a new id if nothing names it.
    func named() -> Article {
        guard id == nil, url.isEmpty else { return self }
        var article = self
        article.id = ArticleID.generate()
        return article
    }
}

extension CallPolicy {
    /// What `.automatic` means for a call of which the client knows more than the service's table.
    func resolved(_ retry: Retry) -> CallPolicy {
        self.retry == .automatic ? CallPolicy(deadline: deadline, retry: retry) : self
    }
}

extension PutRequest {
    /// The request's bytes, unless the service would refuse them for what is in them: a text, a list or the whole that is
    /// too long, an id that is none, a time out of bounds.
    func encodedWithinLimits(_ method: String) throws(ClientError) -> [UInt8] {
        let bytes = encoded()
        do throws(ServiceError) {
            try unsafe Self.check(bytes.span.bytes)
        } catch {
            throw .invalidRequest(method, error)
        }
        return bytes
    }

    private static func check(_ bytes: RawSpan) throws(ServiceError) {
        var reader = WireReader(bytes)
        while try reader.next() {
            if reader.field == 1 { _ = try ArticleContent(validating: reader.span()) } else { try reader.skip() }
        }
    }
}
