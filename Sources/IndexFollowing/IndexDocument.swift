// SPDX-License-Identifier: Apache-2.0
package import ArticleProtocol
package import HandlerKit

/// An article as an index takes it.
package struct IndexDocument: Sendable {
    /// What is longer, in bytes of title, summary and body together, is not read.
    package static let maxTextBytes = 1 << 20

    package let id: ArticleID
    /// Orders lists: milliseconds since 1970-01-01T00:00:00Z.
    package let time: Int64
    package var url = ""
    package var title = ""
    package var summary = ""
    package var body = ""
    package var author = ""
    package var source = ""
    package var language = ""
    /// Slugs.
    package var topics: [String] = []

    /// Summary and body.
    package var text: String { summary.isEmpty ? body : "\(summary)\n\(body)" }

    /// Reads a stored article.
    ///
    /// - Throws: `dataLoss` if it is damaged.
    package init(_ record: borrowing StoredRecord) throws(ServiceError) {
        id = record.id
        time = record.time
        guard CRC32C.checksum(record.content) == record.contentChecksum else {
            throw ServiceError(
                .dataLoss, "the article \(record.id) is damaged: its checksum does not match its content")
        }
        var reader = WireReader(record.content)
        while try reader.next() {
            switch reader.field {
            case 2: url = try reader.string()
            case 3: source = try reader.string()
            case 4: title = try reader.string()
            case 5: summary = try reader.string()
            case 6: body = try reader.string()
            case 7: author = try reader.string()
            case 9: language = try reader.string()
            case 10: topics.append(try Topic(decoding: reader.span()).slug)
            default: try reader.skip()
            }
        }
    }

    /// An article that was not read from a storage.
    package init(
        id: ArticleID, time: Int64, title: String = "", summary: String = "", body: String = "", author: String = "",
        source: String = "", language: String = "", topics: [String] = []
    ) {
        self.id = id
        self.time = time
        self.title = title
        self.summary = summary
        self.body = body
        self.author = author
        self.source = source
        self.language = language
        self.topics = topics
    }
}
