// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import JSONTree
import Spelling

/// How the members of a JSON record become an article.
///
/// Members that belong to no field become attributes, so nothing is lost. Those that a service sets (revision, times of
/// storing, checksum, cursor) are ignored.
struct RecordMapping: Sendable, Equatable {
    /// Given with `--map`: the member, or the path of members, that a field is read from.
    private var given: [RecordField: [String]] = [:]

    /// - Parameter options: "body=noi_dung", "title=article.headline".
    init(_ options: [String] = []) throws(CommandFailure) {
        for option in options {
            let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, !parts[1].isEmpty else {
                throw .usage("--map \(option): FIELD=NAME is expected, as body=noi_dung")
            }
            guard let field = RecordField(rawValue: parts[0]) else {
                let names = RecordField.allCases.map(\.rawValue)
                let meant = Suggestion.closest(to: parts[0], among: names)
                throw .usage(
                    "--map \(option): an article has no field \"\(parts[0])\"",
                    hint: meant.map { "did you mean \($0)?" } ?? "its fields are \(names.joined(separator: ", "))")
            }
            given[field] = parts[1].split(separator: ".").map(String.init)
        }
    }

    /// What a record contains.
    struct Result: Equatable {
        var article: Article
        /// How the collection it comes from calls it; nil if it has an id of ours, or none.
        var externalID: String?
    }

    func article(from record: JSON) throws(RecordError) -> Result {
        guard case .members(let members) = record else {
            throw RecordError("an article is expected, which is a JSON object; this is \(record.kind)")
        }
        if let name = record.repeatedMember {
            throw RecordError("it has the member \"\(name)\" twice: which of them is meant?")
        }
        var article = Article()
        var external: String?
        var taken = Self.serviceMembers
        for field in RecordField.allCases {
            guard let (name, value) = find(field, in: record, members), value != .null else { continue }
            taken.insert(name)
            let reader = RecordValue(name: name, value: value)
            switch field {
            case .id: (article.id, external) = try Self.identity(reader)
            case .url: article.url = try reader.text()
            case .source: article.source = try reader.text()
            case .title: article.title = try reader.text()
            case .summary: article.summary = try reader.text()
            case .body: article.body = try reader.text()
            case .author: article.author = try reader.text()
            case .publishedAt: article.publishedAt = try reader.time()
            case .language: article.language = try reader.text()
            case .topics: article.topics = try reader.topics()
            case .attributes: article.attributes = try reader.attributes()
            case .rating: article.rating = try reader.rating()
            case .original: article.original = try reader.original()
            }
        }
        for member in members where !taken.contains(member.name) && member.value != .null {
            article.attributes[member.name] = RecordValue(name: member.name, value: member.value).plain
        }
        guard !article.body.isEmpty || !article.title.isEmpty || article.id != nil else {
            throw RecordError("it has neither a body nor a title; with --map body=NAME you can say where they are")
        }
        if let external { article.attributes["external_id"] = external }
        return Result(article: article, externalID: external)
    }

    private static let serviceMembers: Set<String> = [
        "revision", "created_at", "stored_at", "content_checksum", "content_size", "cursor",
    ]

    private func find(
        _ field: RecordField, in record: JSON, _ members: [JSON.Member]
    ) -> (name: String, value: JSON)? {
        guard let path = given[field] else {
            for name in field.names {
                if let member = members.last(where: { $0.name == name }), member.value != .null {
                    return (name, member.value)
                }
            }
            return nil
        }
        var value = record
        for name in path {
            guard let inner = value[name] else { return nil }
            value = inner
        }
        // A member of which only an inner one is taken stays an attribute.
        return (path.count == 1 ? path[0] : "", value)
    }

    private static func identity(_ reader: RecordValue) throws(RecordError) -> (ArticleID?, String?) {
        let text = try reader.text()
        if let id = ArticleID(text), id.isVersion7 { return (id, nil) }
        return (nil, text.isEmpty ? nil : text)
    }
}

/// The fields of an article that a record can have, and the names of their members.
enum RecordField: String, CaseIterable, Sendable {
    case id, url, source, title, summary, body, author
    case publishedAt = "published_at"
    case language, topics, attributes, rating, original

    /// The first is our own; the others are common in data of others.
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

/// Why a JSON record is not an article.
struct RecordError: Error, Equatable, CustomStringConvertible {
    let message: String

    init(_ message: String) { self.message = message }

    var description: String { message }
}
