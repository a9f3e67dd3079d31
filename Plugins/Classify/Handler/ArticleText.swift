internal import ArticleProtocol
internal import HandlerKit

/// A stored article as the classifier needs it: its own copy, because scoring may take place elsewhere and later.
struct ArticleText: Sendable {
    let id: ArticleID
    let revision: UInt64
    /// The writer's encoded article.
    let content: [UInt8]
    /// Title, summary and body.
    let parts: [String]

    /// Topics that are less probable than this are not stored with an article.
    private static let leastScore: Float = 0.2

    /// Copies a record, and checks it: bytes that changed on the disk are told, not classified.
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
        while try reader.next() {
            switch reader.field {
            case 4: title = try reader.string()
            case 5: summary = try reader.string()
            case 6: body = try reader.string()
            default: try reader.skip()
            }
        }
        parts = [title, summary, body]
    }

    /// The article with the classification's topics in place of its own, everything else as it was written. A language
    /// that the writer did not give is added.
    func content(with classification: Classification) throws(ServiceError) -> [UInt8] {
        var changed: [UInt8] = []
        changed.reserveCapacity(content.count + 128)
        var reader = unsafe WireReader(content.span.bytes)
        var start = 0
        var hasLanguage = false
        while try reader.next() {
            try reader.skip()
            if reader.field == 9 { hasLanguage = true }
            if reader.field != 10 { changed.append(contentsOf: content[start..<reader.offset]) }
            start = reader.offset
        }
        var writer = WireWriter()
        if !hasLanguage, classification.language != "und" { writer.write(classification.language, at: 9) }
        writer.write(
            classification.topics.enumerated().filter { $0.offset == 0 || $0.element.score >= ArticleText.leastScore }
                .map(\.element), at: 10)
        return changed + writer.bytes
    }

    /// Stores `content` in the article's place, under the terms that follow from it, unless somebody has changed the
    /// article meanwhile: then it is refused with `conflict`.
    ///
    /// - Parameter completion: called once, from any thread; never if the call throws.
    func replace(
        with content: [UInt8], in storage: any ArticleStorage,
        completion: @escaping @Sendable (WriteResult) -> Void
    ) throws(ServiceError) {
        let bytes = unsafe content.span.bytes
        let known = try ArticleContent(validating: bytes)
        let write = StorageWrite(
            put: .id(id), key: bytes.extracting(known.url ?? 0..<0), expectedRevision: revision,
            time: known.publishedAt == 0 ? nil : known.publishedAt, content: bytes,
            contentChecksum: CRC32C.checksum(bytes), terms: TermList(of: known, in: bytes))
        storage.write(write, completion: completion)
    }
}
