public import ArticleProtocol

extension ArticleStorage {
    /// Checks an encoded `Article` and stores it as the record that it is found by: its content without the service's
    /// fields, under its URL, topics, source, language and time of publication.
    ///
    /// The article is named by its id, else by its URL, else it is new and gets an id. What it says is the whole truth: a
    /// URL or topic that a present article had and this one does not is gone.
    ///
    /// - Parameters:
    ///   - article: lent; copied before the call returns, if it does not throw.
    ///   - expectedRevision: 0: must not exist; n: must be at revision n; `nil`: whatever is there.
    ///   - awaitsTopics: if the article has no topics, it is marked as one that is still to be classified.
    ///   - completion: called once, from any thread, when the article is on disk or refused; never if the call throws.
    ///
    /// Throws `invalidArgument` if the article is not well-formed or exceeds a limit, naming the field.
    public func put(
        article: RawSpan, expectedRevision: UInt64? = nil, awaitsTopics: Bool = false,
        completion: @escaping @Sendable (WriteResult) -> Void
    ) throws(ServiceError) {
        let checked = try ArticleContent(validating: article)
        if let id = checked.id, !id.isVersion7 {
            throw ServiceError(.invalidArgument, "id: \(id) is no UUID of version 7")
        }
        let url = article.extracting(checked.url ?? 0..<0)
        if url.byteCount > 0 { try CanonicalURL.check(url) }
        let target: StorageWrite.Target =
            if let id = checked.id { .id(id) } else if url.byteCount > 0 { .key(new: .generate()) } else {
                .id(.generate())
            }
        var terms = TermList(of: checked, in: article)
        if awaitsTopics, checked.topics.isEmpty { terms.appendAwaitsTopics() }
        let time = checked.publishedAt == 0 ? nil : checked.publishedAt
        if let range = checked.contiguousContent(of: article.byteCount) {
            let content = article.extracting(range)
            write(
                StorageWrite(
                    put: target, key: url, expectedRevision: expectedRevision, time: time, content: content,
                    contentChecksum: CRC32C.checksum(content), terms: terms), completion: completion)
        } else {
            let content = checked.content(of: article)
            write(
                StorageWrite(
                    put: target, key: url, expectedRevision: expectedRevision, time: time, content: content.rawSpan,
                    contentChecksum: CRC32C.checksum(content), terms: terms), completion: completion)
        }
    }

    /// As `put(article:expectedRevision:completion:)`, and waits until the article is on disk or refused.
    public func put(article: [UInt8], expectedRevision: UInt64? = nil) async throws(ServiceError) -> WriteResult {
        let result: Result<WriteResult, ServiceError> = await withCheckedContinuation { continuation in
            do throws(ServiceError) {
                try put(article: article.rawSpan, expectedRevision: expectedRevision) {
                    continuation.resume(returning: .success($0))
                }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }
}

extension ArticleContent {
    /// Where the writer's part is if the service's fields stand before and behind it only: it need not be copied then.
    fileprivate func contiguousContent(of size: Int) -> Range<Int>? {
        var range = 0..<size
        var fields = serviceFields[...]
        while let first = fields.first, first.lowerBound == range.lowerBound {
            range = first.upperBound..<range.upperBound
            fields.removeFirst()
        }
        while let last = fields.last, last.upperBound == range.upperBound {
            range = range.lowerBound..<last.lowerBound
            fields.removeLast()
        }
        return fields.isEmpty ? range : nil
    }
}
