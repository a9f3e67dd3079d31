// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import ArticleText

/// Fields of an article that the command line gives; they win over those of the file.
struct Overrides: Sendable {
    private var id: ArticleID?
    private var texts: [RecordField: String] = [:]
    private var publishedAt: Int64?
    private var topics: [Topic] = []
    private var attributes: [(name: String, value: String)] = []

    static let options: [Option] = [
        .value("id", "ID", "store it under this id (UUIDv7): create it, or replace the article that has it"),
        .value("url", "URL", "its canonical URL: an article that has it already is replaced"),
        .value("title", "TEXT", "its title"),
        .value("summary", "TEXT", "its summary"),
        .value("source", "SOURCE", "who published it, as Mic.gov.vn"),
        .value("author", "TEXT", "who wrote it"),
        .value("language", "TAG", "its language, as vi"),
        .value(
            "published", "TIME",
            "when it was published, as 2009-06-15T10:20+07:00 or 2009-06-15; without a zone: in this machine's"),
        .value("topic", "TOPIC", "a topic it belongs to; may be given again", repeatable: true),
        .value("attribute", "NAME=VALUE", "an attribute; may be given again", repeatable: true),
    ]

    init() {}

    init(_ arguments: Arguments) throws(CommandFailure) {
        if let text = arguments.value("id") {
            guard let id = ArticleID(text), id.isVersion7 else {
                throw .usage("--id \(text): a UUID of version 7 is expected, as 0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f")
            }
            self.id = id
        }
        for field in [RecordField.url, .title, .summary, .source, .author, .language] {
            texts[field] = arguments.value(field.rawValue)
        }
        if let text = arguments.value("published") {
            guard let time = TimeText.parse(text, zone: .local) else {
                throw .usage("--published \(text): a time is expected, as 2009-06-15 or 2009-06-15T10:20+07:00")
            }
            publishedAt = time
        }
        for label in arguments.values("topic") {
            let slug = NormalForm.slug(label)
            guard !slug.isEmpty else { throw .usage("--topic \(label): a topic's name needs a letter or a digit") }
            topics.append(Topic(slug: slug, score: 1, name: slug == label ? "" : label))
        }
        for text in arguments.values("attribute") {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw .usage("--attribute \(text): NAME=VALUE is expected")
            }
            attributes.append((parts[0], parts[1]))
        }
    }

    /// Whether they name one article.
    var nameOne: Bool { id != nil || texts[.url] != nil }

    func apply(to article: inout Article) {
        if let id { article.id = id }
        if let url = texts[.url] { article.url = url }
        if let title = texts[.title] { article.title = title }
        if let summary = texts[.summary] { article.summary = summary }
        if let source = texts[.source] { article.source = NormalForm.nfc(source) }
        if let author = texts[.author] { article.author = author }
        if let language = texts[.language] { article.language = language }
        if let publishedAt { article.publishedAt = publishedAt }
        if !topics.isEmpty { article.topics = topics }
        for attribute in attributes { article.attributes[attribute.name] = attribute.value }
    }
}
