/// What the service must know of an encoded `Article`, found in one pass without decoding it.
///
/// An article is kept as the bytes that its writer sent, so that what is stored is what goes over the wire. Before, they
/// are checked: well-formed, UTF-8 where text is meant, within `Limits`. Ranges are byte offsets into the checked bytes.
public struct ArticleContent: Sendable, Equatable {
    /// The id that the writer gave, if any.
    public private(set) var id: ArticleID?
    /// Values as they stand in the bytes; nil if the field is absent or empty, which is the same in proto3.
    public private(set) var url: Range<Int>?
    /// Who published it.
    public private(set) var source: Range<Int>?
    /// BCP 47.
    public private(set) var language: Range<Int>?
    /// The slug of each topic.
    public private(set) var topics: [Range<Int>] = []
    /// Milliseconds since 1970-01-01T00:00:00Z; 0 if unknown.
    public private(set) var publishedAt: Int64 = 0
    /// Fields that are the service's and not kept as the writer sent them: the id, and all from 32 on. Neighbours are one
    /// range.
    public private(set) var serviceFields: [Range<Int>] = []

    private var attributes = 0

    /// - Throws: `INVALID_ARGUMENT`, naming the field.
    public init(validating bytes: RawSpan) throws(ServiceError) {
        var reader = WireReader(bytes)
        var start = 0
        while try reader.next() {
            try check(&reader, start)
            start = reader.offset
        }
        // What is dropped does not count: what was fetched can be put back, with the fields that the service added.
        let kept = bytes.byteCount - serviceFields.reduce(0) { $0 + $1.count }
        guard kept <= Limits.article else {
            throw ServiceError(
                .invalidArgument,
                "the article has \(kept) bytes without the service's fields; at most \(Limits.article) are allowed")
        }
    }

    private mutating func check(_ reader: inout WireReader, _ start: Int) throws(ServiceError) {
        switch reader.field {
        case 1:
            id = try reader.articleID()
            if let id, !id.isVersion7 {
                throw ServiceError(.invalidArgument, "id: \(id) is not a UUID of version 7")
            }
            try own(start..<reader.offset, reader)
        case 2: url = try reader.text("url", most: Limits.url)
        case 3: source = try reader.text("source", most: Limits.source)
        case 4: _ = try reader.text("title", most: Limits.title)
        case 5: _ = try reader.text("summary", most: Limits.summary)
        case 6: _ = try reader.text("body", most: Limits.body)
        case 7: _ = try reader.text("author", most: Limits.author)
        case 8:
            publishedAt = try reader.int64()
            guard Limits.times.contains(publishedAt) else {
                throw ServiceError(
                    .invalidArgument, "published_at: \(publishedAt) ms lies outside the years 1 to 9999")
            }
        case 9: language = try reader.text("language", most: Limits.language)
        case 10: try topic(&reader)
        case 11: try attribute(&reader)
        case 12: _ = try reader.message(Rating.self)
        case 13: try original(&reader)
        case 14, 15:
            throw ServiceError(
                .unimplemented, "field \(reader.field): this service knows no coded bodies; send the body as text")
        case 32...:
            try reader.skip()
            try own(start..<reader.offset, reader)
        default: try reader.skip()
        }
    }

    /// Notes a field of the service's. A fetched article that comes back has them in one run or two; the bound keeps
    /// what is noted small whatever comes.
    private mutating func own(_ range: Range<Int>, _ reader: borrowing WireReader) throws(ServiceError) {
        if let last = serviceFields.last, last.upperBound == range.lowerBound {
            serviceFields[serviceFields.count - 1] = last.lowerBound..<range.upperBound
        } else if serviceFields.count < Limits.serviceFieldRuns {
            serviceFields.append(range)
        } else {
            throw reader.malformed(
                "the service's own fields are scattered over more than \(Limits.serviceFieldRuns) places")
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
            case 1: slug = try topic.slug()
            case 2:
                let score = try topic.float()
                guard score >= 0, score <= 1 else {
                    throw topic.malformed("topics.score is \(score); 0 to 1 is allowed")
                }
            case 3: _ = try topic.text("topics.name", most: Limits.topicName)
            default: try topic.skip()
            }
        }
        guard let slug else { throw reader.malformed("a topic without a slug") }
        let base = end - bytes.byteCount
        topics.append(base + slug.lowerBound..<base + slug.upperBound)
    }

    private mutating func attribute(_ reader: inout WireReader) throws(ServiceError) {
        attributes += 1
        guard attributes <= Limits.attributes else {
            throw reader.malformed("more than \(Limits.attributes) attributes")
        }
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
    /// - Returns: where it stands; nil if it is empty.
    @_lifetime(self: copy self)
    fileprivate mutating func text(_ name: StaticString, most: Int) throws(ServiceError) -> Range<Int>? {
        let value = try span()
        guard value.byteCount <= most else {
            throw ServiceError(.invalidArgument, "\(name): \(value.byteCount) bytes; at most \(most) are allowed")
        }
        guard value.isUTF8 else { throw ServiceError(.invalidArgument, "\(name): the text is not valid UTF-8") }
        return value.byteCount > 0 ? offset - value.byteCount..<offset : nil
    }

    /// Checks a topic's slug in place.
    @_lifetime(self: copy self)
    fileprivate mutating func slug() throws(ServiceError) -> Range<Int>? {
        let value = try span()
        guard value.byteCount <= Limits.slug else {
            throw ServiceError(
                .invalidArgument, "topics.slug: \(value.byteCount) bytes; at most \(Limits.slug) are allowed")
        }
        for index in value.byteOffsets {
            switch unsafe value.unsafeLoad(fromByteOffset: index, as: UInt8.self) {  // within the span's own offsets
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                continue
            default: throw ServiceError(.invalidArgument, "topics.slug: only a to z, 0 to 9 and - are allowed")
            }
        }
        return value.byteCount > 0 ? offset - value.byteCount..<offset : nil
    }
}

extension ArticleContent {
    /// The writer's part of the checked bytes: all but the service's own fields.
    ///
    /// - Parameter bytes: those that were checked.
    public func content(of bytes: RawSpan) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(bytes.byteCount)
        var start = 0
        for field in serviceFields {
            Self.append(bytes, start..<field.lowerBound, to: &content)
            start = field.upperBound
        }
        Self.append(bytes, start..<bytes.byteCount, to: &content)
        return content
    }

    /// Content without body and original: `View.summary`.
    ///
    /// - Parameter content: checked before it was stored.
    /// - Throws: `INVALID_ARGUMENT` if it is damaged.
    public static func summary(of content: RawSpan) throws(ServiceError) -> [UInt8] {
        var summary: [UInt8] = []
        var reader = WireReader(content)
        var start = 0
        while try reader.next() {
            try reader.skip()
            if reader.field != 6, reader.field != 13 { append(content, start..<reader.offset, to: &summary) }
            start = reader.offset
        }
        return summary
    }

    private static func append(_ bytes: RawSpan, _ range: Range<Int>, to target: inout [UInt8]) {
        guard !range.isEmpty else { return }
        unsafe bytes.extracting(range).withUnsafeBytes { unsafe target.append(contentsOf: $0) }
    }
}
