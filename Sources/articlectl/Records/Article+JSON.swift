// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import JSONTree

extension Article {
    /// The article as articlectl prints and exports it; `import` reads it back without loss. Empty fields are left out.
    func json(cursor: [UInt8]? = nil) -> JSON {
        var members: [(String, JSON)] = []
        func add(_ name: String, _ text: String) { if !text.isEmpty { members.append((name, .string(text))) } }
        if let id { members.append(("id", .string("\(id)"))) }
        add("url", url)
        add("source", source)
        add("title", title)
        add("summary", summary)
        add("body", body)
        add("author", author)
        if publishedAt != 0 { members.append(("published_at", .string(TimeText.rfc3339(publishedAt)))) }
        add("language", language)
        if !topics.isEmpty { members.append(("topics", .array(topics.map(\.json)))) }
        if !attributes.isEmpty {
            let sorted = attributes.sorted { $0.key < $1.key }
            members.append(("attributes", .object(sorted.map { ($0.key, .string($0.value)) })))
        }
        if let rating {
            members.append(("rating", .object([("count", .integer(rating.count)), ("sum", .integer(rating.sum))])))
        }
        if let original { members.append(("original", original.json)) }
        if revision != 0 { members.append(("revision", .integer(revision))) }
        if createdAt != 0 { members.append(("created_at", .string(TimeText.rfc3339(createdAt)))) }
        if storedAt != 0 { members.append(("stored_at", .string(TimeText.rfc3339(storedAt)))) }
        if let contentChecksum { members.append(("content_checksum", .integer(contentChecksum))) }
        if let cursor { members.append(("cursor", .string(Base64.encode(cursor)))) }
        return .object(members)
    }
}

extension Topic {
    var json: JSON {
        var members: [(String, JSON)] = [("slug", .string(slug)), ("score", .float(score))]
        if !name.isEmpty { members.append(("name", .string(name))) }
        return .object(members)
    }
}

extension Original {
    /// The bytes are in Base64.
    fileprivate var json: JSON {
        var members: [(String, JSON)] = []
        if !head.isEmpty { members.append(("head", .string(Base64.encode(head)))) }
        if !tail.isEmpty { members.append(("tail", .string(Base64.encode(tail)))) }
        if !mediaType.isEmpty { members.append(("media_type", .string(mediaType))) }
        return .object(members)
    }
}

extension PutResult {
    func members() -> [(String, JSON)] {
        var members: [(String, JSON)] = [("outcome", .string(outcome.word))]
        if let id { members.append(("id", .string("\(id)"))) }
        return members + [
            ("revision", .integer(revision)), ("created_at", .string(TimeText.rfc3339(createdAt))),
            ("stored_at", .string(TimeText.rfc3339(storedAt))),
        ]
    }
}

extension PutOutcome {
    var word: String {
        switch self {
        case .unspecified: "stored"
        case .created: "created"
        case .updated: "updated"
        case .unchanged: "unchanged"
        }
    }
}
