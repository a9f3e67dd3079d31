// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol

extension ArticleStorage {
    /// Checks an encoded `Article` and stores it as a record, under its URL, topics, source, language and time of
    /// publication.
    ///
    /// The article is identified by its id; without one, by its URL; without either it is new, and gets an id. The
    /// new content replaces the old completely: a URL or topic that is missing now is removed. Fields that only the
    /// service sets are dropped.
    ///
    /// May be called on any thread.
    ///
    /// - Parameters:
    ///   - article: lent; copied before the call returns, unless it throws.
    ///   - expectedRevision: 0: must not exist; n: must be at revision n; `nil`: any.
    ///   - createdAt: when the article was created, in milliseconds since 1970-01-01T00:00:00Z; `nil`: a new one now, an old
    ///     one as before.
    ///   - completion: called once, when the article is on disk or refused; on any thread. Not called if the function
    ///     throws.
    /// - Throws: `invalidArgument` if the article is malformed or exceeds a limit; the message names the field.
    public func put(
        article: RawSpan, expectedRevision: UInt64? = nil, createdAt: Int64? = nil,
        completion: @escaping @Sendable (WriteResult) -> Void
    ) throws(ServiceError) {
        let checked = try ArticleContent(validating: article)
        if let id = checked.id, !id.isVersion7 {
            throw ServiceError(.invalidArgument, "id: \(id) is not a UUID of version 7")
        }
        let url = article.extracting(checked.url ?? 0..<0)
        if url.byteCount > 0 { try CanonicalURL.check(url) }
        let target: StorageWrite.Target =
            if let id = checked.id { .id(id) } else if url.byteCount > 0 { .key(new: .generate()) } else {
                .id(.generate())
            }
        let terms = TermList(of: checked, in: article)
        let time = checked.publishedAt == 0 ? nil : checked.publishedAt
        let normal = urlRules.normalForm(of: url)
        func store(_ content: RawSpan) {
            let checksum = CRC32C.checksum(content)
            guard let normal else {
                return write(
                    StorageWrite(
                        put: target, key: url, expectedRevision: expectedRevision, time: time, createdAt: createdAt,
                        content: content, contentChecksum: checksum, terms: terms), completion: completion)
            }
            write(
                StorageWrite(
                    put: target, key: normal.rawSpan, formerKey: url, expectedRevision: expectedRevision, time: time,
                    createdAt: createdAt, content: content, contentChecksum: checksum, terms: terms),
                completion: completion)
        }
        if let range = checked.contiguousContent(of: article.byteCount) {
            store(article.extracting(range))
        } else {
            let content = checked.content(of: article)
            store(content.rawSpan)
        }
    }

    /// Like `put(article:expectedRevision:completion:)`, but waits until the article is on disk or
    /// refused.
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
    /// The writer's part, if the service's fields are only before and after it: then it need not be copied.
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

extension TermList {
    /// The terms of an article: its topics (the first 62), its source and its language.
    public init(of article: ArticleContent, in bytes: RawSpan) {
        self.init()
        for topic in article.topics where count < Self.limit - 2 { appendTopic(bytes.extracting(topic)) }
        if let source = article.source { appendSource(bytes.extracting(source)) }
        if let language = article.language { appendLanguage(bytes.extracting(language)) }
    }

    /// Adds the term of a topic, given its slug. Does nothing if it is empty.
    public mutating func appendTopic(_ slug: RawSpan) {
        if slug.byteCount > 0 { append("t:", slug) }
    }

    /// Adds the term of a source, byte for byte. Does nothing if it is empty.
    public mutating func appendSource(_ source: RawSpan) {
        if source.byteCount > 0 { append("s:", source) }
    }

    /// Adds the term of a language. Case is ignored (RFC 5646, section 2.1.1). Does nothing if it is empty.
    public mutating func appendLanguage(_ language: RawSpan) {
        guard language.byteCount > 0 else { return }
        let lower = [UInt8](joining: language).map {
            $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0
        }
        append("l:", lower.rawSpan)
    }
}

/// The rules for an article's URL, whose normal form is its alternate key. See PROTOCOL.md, "Articles".
enum CanonicalURL {
    /// Throws unless the URL is absolute (a scheme, a colon and more; RFC 3986, section 3.1) and contains no blanks
    /// or control characters.
    static func check(_ url: RawSpan) throws(ServiceError) {
        var scheme = 0
        for offset in 0..<url.byteCount {
            let byte = url.byte(offset)
            guard byte > 0x20, byte != 0x7f else {
                throw ServiceError(.invalidArgument, "url: a blank or control character at byte \(offset)")
            }
            if scheme == offset, isInScheme(byte, first: offset == 0) { scheme += 1 }
        }
        guard scheme > 0, scheme + 1 < url.byteCount, url.byte(scheme) == UInt8(ascii: ":") else {
            throw ServiceError(.invalidArgument, "url: not absolute: it must begin with a scheme, such as https://")
        }
    }

    private static func isInScheme(_ byte: UInt8, first: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): !first
        default: false
        }
    }
}
