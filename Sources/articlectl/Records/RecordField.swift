/// What a record can tell of an article, and under which names it is looked for.
enum RecordField: String, CaseIterable, Sendable {
    case id, url, source, title, summary, body, author
    case publishedAt = "published_at"
    case language, topics, attributes, rating, original

    /// The first is our own; the others are seen in other people's data.
    var names: [String] {
        switch self {
        case .id: ["id", "_id", "uuid"]
        case .url: ["url", "canonical_url", "link"]
        case .source: ["source", "publisher", "site"]
        case .title: ["title", "headline"]
        case .summary: ["summary", "description", "abstract"]
        case .body: ["body", "text", "content"]
        case .author: ["author", "byline"]
        case .publishedAt: ["published_at", "published", "publish_date", "date"]
        case .language: ["language", "lang"]
        case .topics: ["topics", "topic", "label", "category"]
        case .attributes, .rating, .original: [rawValue]
        }
    }
}
