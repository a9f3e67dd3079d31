// SPDX-License-Identifier: Apache-2.0
import JSONTree

/// The records in a value: an array of them, or an object around them, as {"articles": [...]}, a JSON Feed, an answer of
/// Elasticsearch, or a @graph of JSON-LD.
struct RecordWrapper {
    private(set) var records: [JSON] = []
    /// Members beside the records that are not read.
    private(set) var others: [String] = []

    private static let names: Set<String> = [
        "articles", "items", "data", "results", "result", "records", "docs", "documents", "news", "posts", "entries",
        "rows",
        "response", "hits", "list", "@graph", "RECORDS",
    ]
    /// Objects around objects around arrays.
    private static let depth = 4

    init(_ value: JSON) { unwrap(value, depth: 0) }

    private mutating func unwrap(_ value: JSON, depth: Int) {
        switch value {
        case .array(let values) where depth < Self.depth:
            for value in values { unwrap(value, depth: depth + 1) }
        case .members(let members):
            if let (inner, name) = Self.inner(of: members, depth: depth) {
                others += members.filter { $0.name != name && !$0.value.isBlank && !$0.name.hasPrefix("@") }.map(\.name)
                unwrap(inner, depth: depth + 1)
            } else if case .members(let source)? = value["_source"], value["body"] == nil, value["title"] == nil {
                // Elasticsearch: the index's name and score say nothing about the article.
                let id = source.contains { $0.name == "_id" } ? [] : members.filter { $0.name == "_id" }
                records.append(.members(id + source))
            } else {
                records.append(value)
            }
        default: records.append(value)
        }
    }

    /// The array of objects, or the object around it, if this is not a record itself.
    private static func inner(of members: [JSON.Member], depth: Int) -> (JSON, String)? {
        guard depth < Self.depth,
            !members.contains(where: { RecordField.body.names.contains($0.name) && !$0.value.isBlank })
        else {
            return nil
        }
        for member in members where names.contains(member.name) {
            switch member.value {
            case .array(let values):
                guard !values.isEmpty, values.allSatisfy({ if case .members = $0 { true } else { false } }) else {
                    continue
                }
                return (member.value, member.name)
            case .members(let nested):
                if inner(of: nested, depth: depth + 1) != nil { return (member.value, member.name) }
            default: continue
            }
        }
        return nil
    }
}
