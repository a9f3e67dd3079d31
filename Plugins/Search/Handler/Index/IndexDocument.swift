// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import SearchText

/// An article as an index takes it.
struct IndexDocument: Sendable {
    /// What is longer, in bytes of title, summary and body together, is not searched.
    static let maxTextBytes = 1 << 20

    let id: ArticleID
    /// Orders lists: milliseconds since 1970-01-01T00:00:00Z.
    let time: Int64
    var url = ""
    var title = ""
    var summary = ""
    var body = ""
    var author = ""
    var source = ""
    var language = ""
    /// Slugs.
    var topics: [String] = []

    /// Summary and body.
    var text: String { summary.isEmpty ? body : "\(summary)\n\(body)" }

    /// Reads a stored article.
    ///
    /// - Throws: `dataLoss` if it is damaged.
    init(_ record: borrowing StoredRecord) throws(ServiceError) {
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
    init(
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

/// Texts in the form in which they are compared as a whole.
enum FoldedValue {
    /// A source's folded words, with blanks between them.
    static func source(_ source: String) -> String { joined(source, " ") }

    /// A language's tag.
    static func language(_ tag: String) -> String { joined(tag, "-") }

    private static func joined(_ text: String, _ separator: String) -> String {
        let list = TokenList(text)
        return (0..<list.count).map { list.folded($0) }.joined(separator: separator)
    }

    /// The month of a time, in UTC: `2024-05`.
    static func month(_ milliseconds: Int64) -> String {
        let day = milliseconds.dividedRoundingDown(by: 86_400_000) + 719_468
        let era = day.dividedRoundingDown(by: 146_097)
        let ofEra = day - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * ofYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(padded(year, 4))-\(padded(month, 2))"
    }

    private static func padded(_ number: Int64, _ size: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, size - digits.utf8.count)) + digits
    }
}

extension Int64 {
    fileprivate func dividedRoundingDown(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : (self + 1) / divisor - 1
    }
}
