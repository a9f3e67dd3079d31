/// What the service must know of an encoded `Article`, found in one pass without decoding it.
///
/// An article is kept as the bytes that its writer sent, so that what is stored is what goes over the wire. Before, they
/// are checked: well-formed, UTF-8 where text is meant, within `Limits`. Ranges are byte offsets into the checked bytes.
public struct ArticleContent: Sendable, Equatable {
    /// The id that the writer gave, if any.
    public private(set) var id: ArticleID?
    /// Values as they stand in the bytes; nil if the field is absent.
    public private(set) var url: Range<Int>?
    public private(set) var source: Range<Int>?
    public private(set) var language: Range<Int>?
    /// The slug of each topic.
    public private(set) var topics: [Range<Int>] = []
    /// Milliseconds since 1970-01-01T00:00:00Z; 0 if unknown.
    public private(set) var publishedAt: Int64 = 0
    /// Fields that are the service's and not kept as the writer sent them: the id, and all from 32 on.
    public private(set) var serviceFields: [Range<Int>] = []

    private var attributes = 0

    /// - Throws: `INVALID_ARGUMENT`, naming the field.
    public init(validating bytes: RawSpan) throws(ServiceError) {
        guard bytes.byteCount <= Limits.article else {
            throw ServiceError(.invalidArgument, "the article has \(bytes.byteCount) bytes; at most \(Limits.article) are allowed")
        }
        var reader = WireReader(bytes)
        var start = 0
        while try reader.next() {
            try check(&reader, start)
            start = reader.offset
        }
    }

    private mutating func check(_ reader: inout WireReader, _ start: Int) throws(ServiceError) {
        switch reader.field {
        case 1:
            id = try reader.articleID()
            serviceFields.append(start..<reader.offset)
        case 2: url = try reader.text("url", most: Limits.url)
        case 3: source = try reader.text("source", most: Limits.source)
        case 4: _ = try reader.text("title", most: Limits.title)
        case 5: _ = try reader.text("summary", most: Limits.summary)
        case 6: _ = try reader.text("body", most: Limits.body)
        case 7: _ = try reader.text("author", most: Limits.author)
        case 8: publishedAt = try reader.int64()
        case 9: language = try reader.text("language", most: Limits.language)
        case 10: try topic(&reader)
        case 11: try attribute(&reader)
        case 12: _ = try reader.message(Rating.self)
        case 13: try original(&reader)
        case 14, 15:
            throw ServiceError(.unimplemented, "field \(reader.field): this service knows no coded bodies; send the body as text")
        case 32...:
            try reader.skip()
            serviceFields.append(start..<reader.offset)
        default: try reader.skip()
        }
    }

    private mutating func topic(_ reader: inout WireReader) throws(ServiceError) {
        guard topics.count < Limits.topics else { throw reader.malformed("more than \(Limits.topics) topics") }
        let bytes = try reader.span()
        let end = reader.offset
        var topic = WireReader(bytes)
        var slug: Range<Int>?
        while try topic.next() {
            switch topic.field {
            case 1: slug = try topic.text("topics.slug", most: Limits.slug)
            case 2:
                let score = try topic.float()
                guard score >= 0, score <= 1 else { throw topic.malformed("topics.score is \(score); 0 to 1 is allowed") }
            case 3: _ = try topic.text("topics.name", most: Limits.topicName)
            default: try topic.skip()
            }
        }
        guard let slug, !slug.isEmpty else { throw reader.malformed("a topic without a slug") }
        let base = end - bytes.byteCount
        topics.append(base + slug.lowerBound..<base + slug.upperBound)
    }

    private mutating func attribute(_ reader: inout WireReader) throws(ServiceError) {
        attributes += 1
        guard attributes <= Limits.attributes else { throw reader.malformed("more than \(Limits.attributes) attributes") }
        var entry = WireReader(try reader.span())
        while try entry.next() {
            switch entry.field {
            case 1: _ = try entry.text("attributes.key", most: Limits.attributeKey)
            case 2: _ = try entry.text("attributes.value", most: Limits.attributeValue)
            default: try entry.skip()
            }
        }
    }

    private func original(_ reader: inout WireReader) throws(ServiceError) {
        var original = WireReader(try reader.span())
        while try original.next() {
            switch original.field {
            case 1, 2:
                let size = try original.span().byteCount
                guard size <= Limits.original else {
                    throw original.malformed("original: \(size) bytes; at most \(Limits.original) are allowed")
                }
            case 3: _ = try original.text("original.media_type", most: Limits.mediaType)
            default: try original.skip()
            }
        }
    }
}

extension WireReader {
    /// Checks a text in place.
    ///
    /// - Returns: where it stands.
    @_lifetime(self: copy self)
    fileprivate mutating func text(_ name: StaticString, most: Int) throws(ServiceError) -> Range<Int> {
        let value = try span()
        guard value.byteCount <= most else {
            throw ServiceError(.invalidArgument, "\(name): \(value.byteCount) bytes; at most \(most) are allowed")
        }
        do {
            _ = try UTF8Span(validating: Span(_bytes: value))
        } catch {
            throw ServiceError(.invalidArgument, "\(name): the text is not valid UTF-8")
        }
        return offset - value.byteCount..<offset
    }
}
