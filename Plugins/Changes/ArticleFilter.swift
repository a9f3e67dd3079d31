// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

/// Which articles a watcher wants, by topic, source and language. The rules are those of fetch.list.
struct ArticleFilter: Sendable {
    private let topic: [UInt8]
    private let source: [UInt8]
    private let language: [UInt8]
    /// Identifies the filters in a cursor.
    let checksum: UInt32

    /// Every article matches.
    var isEmpty: Bool { topic.isEmpty && source.isEmpty && language.isEmpty }

    init(_ request: WatchRequest) throws(ServiceError) {
        let topic = Array(request.topic.utf8)
        let source = Array(request.source.utf8)
        let language = Array(request.language.utf8).map(Self.lowercased)
        try Self.check("topic", topic, Limits.slug)
        try Self.check("source", source, Limits.source)
        try Self.check("language", language, Limits.language)
        var terms = TermList()
        terms.appendTopic(topic.rawSpan)
        terms.appendSource(source.rawSpan)
        terms.appendLanguage(language.rawSpan)
        (self.topic, self.source, self.language) = (topic, source, language)
        checksum = unsafe terms.withPackedBytes { unsafe CRC32C.checksum($0) }
    }

    private static func check(_ name: StaticString, _ value: [UInt8], _ most: Int) throws(ServiceError) {
        guard value.count <= most else {
            throw ServiceError(.invalidArgument, "\(name): \(value.count) bytes; at most \(most) are allowed")
        }
    }

    /// Whether an article matches, judged by its stored content, which is not decoded otherwise.
    ///
    /// Throws if the content is damaged.
    func matches(_ content: RawSpan) throws(ServiceError) -> Bool {
        var reader = WireReader(content)
        var topics = 0
        var hasTopic = topic.isEmpty
        // Of a field that occurs more than once, the last value counts.
        var hasSource = source.isEmpty
        var hasLanguage = language.isEmpty
        while try reader.next() {
            switch reader.field {
            case 3 where !source.isEmpty: hasSource = Self.equals(try reader.span(), source)
            case 9 where !language.isEmpty: hasLanguage = Self.equals(try reader.span(), language, Self.lowercased)
            case 10 where !hasTopic && topics < TermList.limit - 2:
                topics += 1
                hasTopic = try isTopic(try reader.span())
            default: try reader.skip()
            }
        }
        return hasTopic && hasSource && hasLanguage
    }

    private func isTopic(_ message: RawSpan) throws(ServiceError) -> Bool {
        var reader = WireReader(message)
        var matches = false
        while try reader.next() {
            if reader.field == 1 { matches = Self.equals(try reader.span(), topic) } else { try reader.skip() }
        }
        return matches
    }

    private static func equals(_ span: RawSpan, _ value: [UInt8], _ fold: (UInt8) -> UInt8 = { $0 }) -> Bool {
        guard span.byteCount == value.count else { return false }
        for index in value.indices where fold(span.byte(index)) != value[index] { return false }
        return true
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
