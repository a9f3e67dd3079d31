// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol

// store.put and store.delete.
extension ArticleClient {
    /// Stores an article. It replaces the article with the same id, or else the one with the same URL, or creates a new
    /// one.
    ///
    /// An article without id and URL gets an id in the client, so that sending it twice stores it once. When this
    /// returns, the article is on disk.
    ///
    /// A put without condition is sent again if the connection is lost or the outcome is unknown, because storing the
    /// same content twice changes nothing. A put with a condition is not sent again, because the second attempt would
    /// conflict with the first. The error then has ``ClientError/mayHaveRun``, and the article's revision tells what
    /// happened.
    ///
    /// - Parameters:
    ///   - expectedRevision: `nil`: no condition. 0: the article must not exist. n: it must be at revision n.
    ///   - createdAt: when the article was created, in milliseconds since 1970-01-01T00:00:00Z, if it comes from another
    ///     store. 0: a new article now, an old one as before.
    /// - Throws: status CONFLICT if the condition fails, ALREADY_EXISTS if the URL belongs to an article with another
    ///   id, PERMISSION_DENIED if this client may not set `createdAt`, which only administrators may. An article that breaks a limit is not sent: ``ClientError/Kind/invalidRequest``.
    public func put(
        _ article: Article, expectedRevision: UInt64? = nil, createdAt: Int64 = 0, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> PutResult {
        let request = PutRequest(
            article: article.named(), expectedRevision: expectedRevision, createdAt: createdAt)
        let answer = try await call(
            "store.put", payload: request.encodedWithinLimits("store.put"),
            policy: policy.resolved(expectedRevision == nil ? .idempotent : .never))
        return try PutResult(answer, of: "store.put")
    }

    /// Deletes the article with this id or URL.
    ///
    /// The client does not send a delete again by itself, because the second attempt would find no article. The error
    /// of an unknown outcome has ``ClientError/mayHaveRun``.
    ///
    /// - Parameter expectedRevision: `nil`: no condition. n: the article must be at revision n.
    /// - Throws: status NOT_FOUND if there is no such article, CONFLICT if the condition fails.
    public func delete(
        _ key: ArticleKey, expectedRevision: UInt64? = nil, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> DeleteResult {
        try await call(
            "store.delete", DeleteRequest(key: key, expectedRevision: expectedRevision), policy: policy.resolved(.never)
        )
    }

    /// Deletes the article with this id. See ``delete(_:expectedRevision:policy:)``.
    public func delete(
        id: ArticleID, expectedRevision: UInt64? = nil, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> DeleteResult {
        try await delete(ArticleKey(id: id), expectedRevision: expectedRevision, policy: policy)
    }

    /// Deletes the article with this URL. See ``delete(_:expectedRevision:policy:)``.
    public func delete(
        url: String, expectedRevision: UInt64? = nil, policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> DeleteResult {
        try await delete(ArticleKey(url: url), expectedRevision: expectedRevision, policy: policy)
    }
}

extension Article {
    /// The article, with a new id if it has neither id nor URL.
    func named() -> Article {
        guard id == nil, url.isEmpty else { return self }
        var article = self
        article.id = ArticleID.generate()
        return article
    }
}

extension CallPolicy {
    /// Replaces `.automatic` for a method of which the client knows more than the service's method table says.
    func resolved(_ retry: Retry) -> CallPolicy {
        self.retry == .automatic ? CallPolicy(deadline: deadline, retry: retry) : self
    }
}

extension PutRequest {
    /// Encodes the request. Throws if the service would reject it because of its content: a text, a list or the whole
    /// is too long, an id is invalid, a time is out of range.
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
