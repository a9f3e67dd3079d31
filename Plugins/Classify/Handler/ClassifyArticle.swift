// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import WorkerThreads

extension Classify {
    /// How often a write is tried if others change the article in the meantime.
    private static let maxAttempts = 5

    /// classify.article: reads the article, classifies it and, if asked to, stores the topics with it.
    func classifyArticle(_ call: Call) async throws(ServiceError) -> ClassifyArticleResult {
        let request = try ClassifyArticleRequest(decoding: call.payload)
        guard let key = request.key, (key.id == nil) != key.url.isEmpty else {
            throw ServiceError(.invalidArgument, "key: exactly one of id and url is needed")
        }
        guard !request.writeBack || call.peer.roles.contains(.write) else {
            throw ServiceError(.permissionDenied, "write_back: this peer may only read articles")
        }
        return try await classifyArticle(key, request) { call.cancellation }
    }

    /// The same for a checked request. `cancellation` tells whether writing is still of use.
    func classifyArticle(
        _ key: ArticleKey, _ request: ClassifyArticleRequest, cancellation: () -> ServiceError?
    ) async throws(ServiceError) -> ClassifyArticleResult {
        let classifier = classifier
        for _ in 0..<Classify.maxAttempts {
            let article = try await article(key)
            let classification = try await classify(article, with: classifier, explain: request.explain)
            // An undecided answer is not stored.
            guard request.writeBack, !classification.undecided else {
                return ClassifyArticleResult(classification: classification)
            }
            if let cancellation = cancellation() { throw cancellation }
            let written = try await write(classification, to: article)
            switch written.outcome {
            case .refused(let error) where error.code == .conflict: continue
            case .refused(let error): throw error
            case .created, .updated, .unchanged, .deleted:
                return ClassifyArticleResult(classification: classification, stored: written.putResult)
            }
        }
        throw ServiceError(
            .conflict,
            "the article changed \(Classify.maxAttempts) times before its topics could be stored: try again")
    }

    private func article(_ key: ArticleKey) async throws(ServiceError) -> ArticleText {
        var article: Result<ArticleText, ServiceError>?
        let isThere: Bool
        if let id = key.id {
            isThere = try await storage.read(id: id) { article = ArticleText.read($0) }
        } else {
            isThere = try await storage.read(url: Array(key.url.utf8)) { article = ArticleText.read($0) }
        }
        guard isThere, let article else {
            throw ServiceError(.notFound, "there is no article \(key.id?.description ?? key.url)")
        }
        return try article.get()
    }

    private func classify(
        _ article: ArticleText, with classifier: Classifier, explain: Bool
    ) async throws(ServiceError) -> Classification {
        let scoring = try await classifier.loadedScoring()
        if article.content.count <= Classify.maxBytesOnLoop {
            return scoring.classify(article.parts, explain: explain, language: article.language)
        }
        return try await workers.run {
            scoring.classify(article.parts, explain: explain, language: article.language)
        }
    }

    private func write(
        _ classification: Classification, to article: ArticleText
    ) async throws(ServiceError) -> WriteResult {
        try await article.replace(with: try article.content(with: classification), in: storage)
    }
}

extension WriteResult {
    /// The same answer as that of store.put.
    var putResult: PutResult {
        let outcome: PutOutcome =
            switch outcome {
            case .created: .created
            case .updated: .updated
            case .unchanged: .unchanged
            case .deleted, .refused: .unspecified
            }
        return PutResult(outcome: outcome, id: id, revision: revision, createdAt: createdAt, storedAt: storedAt)
    }
}

/// A copy of a stored article for the classifier, since scoring may happen later and on another thread.
struct ArticleText: Sendable {
    let id: ArticleID
    let revision: UInt64
    /// The alternate key, which stays.
    let key: [UInt8]
    /// The writer's encoded article.
    let content: [UInt8]
    /// Title, summary and body.
    let parts: [String]
    /// As the writer gave it; empty if not.
    let language: String
    /// Whether it has topics.
    let hasTopics: Bool

    /// Topics with a lower probability are not stored.
    private static let minScore: Float = 0.2

    /// Copies and verifies a record. Damaged bytes are an error and are not classified.
    static func read(_ record: borrowing StoredRecord) -> Result<ArticleText, ServiceError> {
        do throws(ServiceError) {
            return .success(try ArticleText(record))
        } catch {
            return .failure(error)
        }
    }

    private init(_ record: borrowing StoredRecord) throws(ServiceError) {
        id = record.id
        revision = record.revision
        key = [UInt8](joining: record.key)
        guard CRC32C.checksum(record.content) == record.contentChecksum else {
            throw ServiceError(
                .dataLoss, "the article \(record.id) is damaged: its checksum does not match its content")
        }
        let bytes = unsafe record.content.withUnsafeBytes { unsafe Array($0) }
        content = bytes
        var reader = unsafe WireReader(bytes.span.bytes)
        var title = ""
        var summary = ""
        var body = ""
        var language = ""
        var hasTopics = false
        while try reader.next() {
            switch reader.field {
            case 10:
                hasTopics = true
                try reader.skip()
            case 4: title = try reader.string()
            case 5: summary = try reader.string()
            case 6: body = try reader.string()
            case 9: language = try reader.string()
            default: try reader.skip()
            }
        }
        parts = [title, summary, body]
        self.language = language
        self.hasTopics = hasTopics
    }

    /// The article with the topics of the classification instead of its own. Everything else is unchanged, but the
    /// language is added if the writer gave none.
    func content(with classification: Classification) throws(ServiceError) -> [UInt8] {
        var changed: [UInt8] = []
        changed.reserveCapacity(content.count + 128)
        var reader = unsafe WireReader(content.span.bytes)
        var start = 0
        var hasLanguage = false
        // In the order of the fields, as every writer encodes them: an article that comes back from an export is unchanged.
        var place = 0
        while try reader.next() {
            try reader.skip()
            if reader.field == 9 { hasLanguage = true }
            if reader.field != 10 { changed.append(contentsOf: content[start..<reader.offset]) }
            if reader.field < 10 { place = changed.count }
            start = reader.offset
        }
        var writer = WireWriter()
        if !hasLanguage, classification.language != "und" { writer.write(classification.language, at: 9) }
        writer.write(
            classification.topics.enumerated().filter { $0.offset == 0 || $0.element.score >= ArticleText.minScore }
                .map(\.element), at: 10)
        changed.insert(contentsOf: writer.bytes, at: place)
        return changed
    }

    /// Replaces the article by `content`, with the terms that follow from it. If someone else has changed the article
    /// in the meantime, the write is refused with `conflict`. Throws if the content is not an article.
    func replace(
        with content: [UInt8], in storage: any ArticleStorage
    ) async throws(ServiceError) -> WriteResult {
        let bytes = unsafe content.span.bytes
        let known = try ArticleContent(validating: bytes)
        let write = StorageWrite(
            put: .id(id), key: key.rawSpan, expectedRevision: revision,
            time: known.publishedAt == 0 ? nil : known.publishedAt, content: bytes,
            contentChecksum: CRC32C.checksum(bytes), terms: TermList(of: known, in: bytes))
        return await storage.write(write)
    }
}
