// SPDX-License-Identifier: Apache-2.0
/// The parts of an encoded ``Article`` that the service indexes, found in one pass without decoding it.
///
/// The service stores the bytes that the writer sent, so that the stored bytes are the bytes on the wire. Before that,
/// this type checks them: the encoding, UTF-8 in text fields, and ``Limits``. Ranges are byte offsets into the checked
/// bytes.
public struct ArticleContent: Sendable, Equatable {
    /// The id that the writer sent, if any.
    public private(set) var id: ArticleID?
    /// Where the URL is; `nil` if the field is absent or empty, which is the same in proto3.
    public private(set) var url: Range<Int>?
    /// Where the source is; `nil` if there is none.
    public private(set) var source: Range<Int>?
    /// Where the language is; `nil` if there is none.
    public private(set) var language: Range<Int>?
    /// Where the slug of each topic is.
    public private(set) var topics: [Range<Int>] = []
    /// When the article was published, in milliseconds since 1970-01-01T00:00:00Z; 0: unknown.
    public private(set) var publishedAt: Int64 = 0
    /// Where the service's own fields are: the id, and all fields from 32 on. They are not stored as sent. Adjacent
    /// fields are one range.
    public private(set) var serviceFields: [Range<Int>] = []

    private var attributes = 0

    /// Checks an encoded article.
    ///
    /// - Throws: `INVALID_ARGUMENT` with the name of the field, or `UNIMPLEMENTED` for a coded body.
    public init(validating bytes: RawSpan) throws(ServiceError) {
        var reader = WireReader(bytes)
        var start = 0
        while try reader.next() {
            try check(&reader, start)
            start = reader.offset
        }
        // Dropped fields do not count. A fetched article can be put back with the service's fields in it.
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
        case 2: url = try reader.text("url", max: Limits.url)
        case 3: source = try reader.text("source", max: Limits.source)
        case 4: _ = try reader.text("title", max: Limits.title)
        case 5: _ = try reader.text("summary", max: Limits.summary)
        case 6: _ = try reader.text("body", max: Limits.body)
        case 7: _ = try reader.text("author", max: Limits.author)
        case 8:
            publishedAt = try reader.int64()
            guard Limits.times.contains(publishedAt) else {
                throw ServiceError(
                    .invalidArgument, "published_at: \(publishedAt) ms lies outside the years 1 to 9999")
            }
        case 9: language = try reader.text("language", max: Limits.language)
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

    /// Records a field of the service. A fetched article that is put back has them in one or two runs; the bound limits
    /// the memory for any other input.
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
            case 3: _ = try topic.text("topics.name", max: Limits.topicName)
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
            case 1: _ = try entry.text("attributes.key", max: Limits.attributeKey)
            case 2: _ = try entry.text("attributes.value", max: Limits.attributeValue)
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
            case 3: _ = try original.text("original.media_type", max: Limits.mediaType)
            default: try original.skip()
            }
        }
    }
}

extension WireReader {
    /// Checks a text field in place.
    ///
    /// - Returns: its range; `nil` if it is empty.
    @_lifetime(self: copy self)
    fileprivate mutating func text(_ name: StaticString, max: Int) throws(ServiceError) -> Range<Int>? {
        let value = try span()
        guard value.byteCount <= max else {
            throw ServiceError(.invalidArgument, "\(name): \(value.byteCount) bytes; at most \(max) are allowed")
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
    /// The writer's part of the checked bytes: all fields except the service's own.
    ///
    /// - Parameter bytes: the bytes that were checked.
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

    /// The content without body and original, as in ``View/summary``.
    ///
    /// - Parameter content: the stored content of an article.
    /// - Throws: `INVALID_ARGUMENT` if the content is damaged.
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
