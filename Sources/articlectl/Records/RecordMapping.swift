// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import JSONTree
import Spelling

/// How the members of a JSON record become an article.
///
/// Members that belong to no field become attributes, so nothing is lost. So do those whose value a field cannot take. Those that a service sets (revision, times of
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

    /// Whether `--map` names this member.
    func reads(_ name: String) -> Bool { given.values.contains { $0.first == name } }

    /// Whether the title or the body is read from this member.
    func isText(_ name: String) -> Bool {
        [RecordField.title, .body].contains { field in
            given[field].map { $0.first == name } ?? field.names.contains(name)
        }
    }

    /// For a table that lacks columns that `--map` names, as another table of the same archive may: its own columns of the usual
    /// names are read then.
    func fitting(_ columns: [String]) -> (mapping: RecordMapping, notes: [RecordNote]) {
        var (fitting, notes) = (self, [RecordNote]())
        for field in RecordField.allCases {
            guard let path = given[field], let first = path.first, !columns.contains(first),
                let usual = field.names.first(where: columns.contains), !reads(usual)
            else { continue }
            fitting.given[field] = nil
            let option = "--map \(field.rawValue)=\(path.joined(separator: "."))"
            notes.append(
                RecordNote(
                    kind: "map \(path.joined(separator: "."))",
                    "\(option): the table has no such column; its column \"\(usual)\" is taken"))
        }
        return (fitting, notes)
    }

    /// What a record contains.
    struct Result: Equatable {
        var article: Article
        /// How the collection it comes from calls it; nil if it has an id of ours, or none.
        var externalID: String?
        /// When the service that exported it had created it; 0: not exported by one.
        var createdAt: Int64 = 0
        /// What could not be read, or was read in one of several ways.
        var notes: [RecordNote] = []
    }

    /// - Parameter slugs: those of the records read so far.
    /// - Throws: if the record is no article. A side field that cannot be read is kept as an attribute, with a note.
    func article(from record: JSON, slugs: TopicSlugs = TopicSlugs()) throws(RecordError) -> Result {
        guard case .members(let members) = record else {
            throw RecordError("an article is expected, which is a JSON object; this is \(record.kind)")
        }
        if let name = record.repeatedMember {
            throw RecordError("it has the member \"\(name)\" twice: which of them is meant?")
        }
        var result = Result(article: Article())
        // Of another program, such members mean something else.
        let isExported =
            ["revision", "stored_at", "cursor"].contains { record[$0] != nil } || record["created_at"] == nil
        var taken = isExported ? Self.serviceMembers : []
        if isExported, let value = record["created_at"], value != .null {
            if case .string(let text) = value, let time = TimeText.parse(text, zone: .utc) {
                result.createdAt = time
            } else if case .string(let text) = value, text.isBlank {
                // None.
            } else {
                result.notes.append(
                    RecordNote(
                        kind: "created_at", "\"created_at\" is no time; the article is stored as a new one",
                        isLoss: true))
            }
        }
        for field in RecordField.allCases {
            guard let (name, value) = find(field, in: record, members), value != .null else {
                if let path = given[field]?.joined(separator: ".") {
                    result.notes.append(
                        RecordNote(kind: "map \(path)", "--map \(field.rawValue)=\(path): it has no such member"))
                }
                continue
            }
            let reader = RecordValue(name: name.isEmpty ? field.rawValue : name, value: value, slugs: slugs)
            do {
                try take(field, reader, &result)
                taken.insert(name)
            } catch {
                guard field != .body else { throw error }
                if value.isBlank {
                    taken.insert(name)
                    continue
                }
                // A member of a member is there as a part of that.
                if name.isEmpty { result.article.attributes[reader.name] = reader.plain }
                result.notes.append(
                    RecordNote(kind: "\(field.rawValue) kept", "\(error.message); it is kept as an attribute"))
            }
        }
        for member in members where !taken.contains(member.name) && member.value != .null {
            // An empty field beside a full one of another name says nothing.
            if member.value.isBlank, RecordField.allNames.contains(member.name) { continue }
            result.article.attributes[member.name] = RecordValue(name: member.name, value: member.value).plain
        }
        try checkText(&result)
        if let external = result.externalID { result.article.attributes["external_id"] = external }
        RecordLimits.apply(to: &result)
        return result
    }

    private func take(_ field: RecordField, _ reader: RecordValue, _ result: inout Result) throws(RecordError) {
        switch field {
        case .id: (result.article.id, result.externalID) = try Self.identity(reader)
        case .url: result.article.url = try reader.url()
        case .source: result.article.source = try reader.named(most: Limits.source)
        case .title: result.article.title = try reader.text()
        case .summary: result.article.summary = try reader.text(most: Limits.summary)
        case .body: result.article.body = try reader.text(joinedBy: "\n\n")
        case .author: result.article.author = try reader.named(most: Limits.author)
        case .publishedAt:
            let (time, note) = try reader.time()
            result.article.publishedAt = time
            if let note { result.notes.append(note) }
        case .language: result.article.language = try reader.text(most: Limits.language)
        case .topics:
            let (topics, notes) = try reader.topics()
            result.article.topics = topics
            result.notes += notes
        case .attributes: result.article.attributes = try reader.attributes()
        case .rating: result.article.rating = try reader.rating()
        case .original: result.article.original = try reader.original()
        }
    }

    /// Checks that there is something to read, and that it is what somebody would take for the text.
    private func checkText(_ result: inout Result) throws(RecordError) {
        let article = result.article
        let hasBody = !article.body.isBlank
        // Of what was not taken, what looks like the text of an article.
        let left = article.attributes.filter { name, value in
            RecordField.body.names.contains(name) ? !value.isBlank && value != article.body : false
        }
        let long =
            hasBody
            ? nil
            : article.attributes.filter {
                $0.value.utf8.count >= 200 && $0.value.contains(" ") && $0.key != "external_id"
            }
            .max { ($0.value.utf8.count, $1.key) < ($1.value.utf8.count, $0.key) }?.key
        guard hasBody || !article.title.isBlank || (article.id != nil && left.isEmpty && long == nil) else {
            if let long {
                throw RecordError(
                    "it has neither a body nor a title; if \"\(long)\" is the body, say --map body=\(long)")
            }
            if !article.body.isEmpty || !article.title.isEmpty { throw RecordError("there is no text in it") }
            throw RecordError("it has neither a body nor a title; with --map body=NAME you can say where they are")
        }
        if let long {
            result.notes.append(
                RecordNote(
                    kind: "body \(long)",
                    "it has no body; \"\(long)\" looks like one, and is kept as an attribute: --map body=\(long) takes it",
                    isLoss: true))
        }
        for name in left.keys.sorted() where hasBody && name != long {
            result.notes.append(
                RecordNote(
                    kind: "body \(name)",
                    "\"\(name)\" looks like a body too, and is kept as an attribute: --map body=\(name) takes it instead"
                ))
        }
    }

    private static let serviceMembers: Set<String> = [
        "revision", "created_at", "stored_at", "content_checksum", "content_size", "cursor",
    ]

    private func find(
        _ field: RecordField, in record: JSON, _ members: [JSON.Member]
    ) -> (name: String, value: JSON)? {
        guard let path = given[field] else {
            let present = field.names.compactMap { name in members.last { $0.name == name && $0.value != .null } }
            // An empty member beside a full one: "body": "", "content": "...".
            return (present.first { !$0.value.isBlank } ?? present.first).map { ($0.name, $0.value) }
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

    /// The names of all fields.
    static let allNames = Set(allCases.flatMap(\.names))
    static let lowercasedNames = Set(allNames.map { $0.lowercased() })
    private static let spellings = Dictionary(
        allNames.map { ($0.lowercased(), $0) }, uniquingKeysWith: { min($0, $1) })

    /// A member's name as fields have it, whatever its capitals are: those of tables vary.
    static func spelling(of name: String) -> String {
        allNames.contains(name) ? name : spellings[name.lowercased()] ?? name
    }

    /// The first is our own; the others are common in data of others.
    var names: [String] {
        switch self {
        case .id: ["id", "_id", "uuid"]
        case .url: ["url", "canonical_url", "link", "permalink", "mainEntityOfPage"]
        case .source: ["source", "publisher", "site", "source_name"]
        case .title: ["title", "headline"]
        case .summary: ["summary", "description", "abstract", "sapo", "excerpt"]
        case .body:
            [
                "body", "text", "content", "articleBody", "article_body", "news_content", "full_text", "fulltext",
                "maintext",
            ]
        case .author: ["author", "byline", "authors", "creator"]
        case .publishedAt:
            [
                "published_at", "published", "publish_date", "date", "datePublished", "date_published", "publishedAt",
                "published_date", "date_publish", "pubDate", "pub_date",
            ]
        case .language: ["language", "lang", "inLanguage"]
        case .topics: ["topics", "topic", "label", "category", "categories", "articleSection"]
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
