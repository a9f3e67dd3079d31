// SPDX-License-Identifier: Apache-2.0
package import JSONTree

/// An HTML page with one article. What the page says of it for programs comes first: JSON-LD of schema.org, then OpenGraph and
/// other meta elements. Where that has no text, the main text of the page is found.
package struct WebPage {
    /// The article; its members have the names of articlectl's records.
    package let record: JSON
    /// There is a title, and no text that would be the article's.
    package let lacksText: Bool

    /// - Parameter encoding: nil: as the page says.
    /// - Returns: nil if it is no page.
    package init?(_ bytes: [UInt8], encoding: String?) {
        guard let page = HTMLDocument(bytes, encoding: encoding)?.withRoot({ WebPage($0) }) else { return nil }
        self = page
    }

    private init(_ root: MarkupNode) {
        let said = Statements(root)
        var members: [(String, JSON)] = []
        func add(_ name: String, _ values: JSON?...) {
            if let value = values.lazy.compactMap({ $0 }).first(where: { !Self.isBlank($0) }) {
                members.append((name, value))
            }
        }
        let linked = said.article
        add("url", said.address("canonical"), linked?["url"], linked?["mainEntityOfPage"], said["og:url"])
        add("source", linked?["publisher"], said["og:site_name"], said["application-name"])
        let title = [
            linked?["headline"], linked?["name"], said["og:title"], said["twitter:title"], said.heading, said.title,
        ]
        .lazy.compactMap { $0 }.first { !Self.isBlank($0) }.map(Self.plain)
        add("title", title)
        add("summary", linked?["description"].map(Self.plain), said["og:description"], said["description"])
        let main = MainText.of(root, title: Self.text(of: title))
        let body = linked?["articleBody"].map(Self.plain)
        // Some pages have only the beginning there.
        let isWhole = Self.text(of: body).utf8.count * 2 >= main.utf8.count
        add("body", isWhole ? body : nil, main.isEmpty ? nil : .string(main), body)
        add("author", linked?["author"], linked?["creator"], said["author"], said["article:author"])
        add(
            "published_at", linked?["datePublished"], said["article:published_time"], said["datepublished"],
            said["pubdate"], said["date"], said["dc.date"], said["dcterms.created"], said.time)
        add("language", linked?["inLanguage"], said.language)
        add("topics", linked?["articleSection"], said["article:section"])
        add("keywords", linked?["keywords"], said["news_keywords"], said["keywords"])
        add("modified_at", linked?["dateModified"], said["article:modified_time"])
        record = .object(members)
        lacksText = !members.contains { $0.0 == "body" }
    }

    private static func isBlank(_ value: JSON) -> Bool {
        switch value {
        case .null: true
        case .string(let text): text.trimmed.isEmpty
        case .array(let values): values.allSatisfy(isBlank)
        case .members(let members): members.isEmpty
        default: false
        }
    }

    private static func text(of value: JSON?) -> String { if case .string(let text)? = value { text } else { "" } }

    /// Texts of JSON-LD may have markup in them.
    private static func plain(_ value: JSON) -> JSON {
        if case .string(let text) = value { .string(MarkupText.of(html: text).trimmed) } else { value }
    }
}

/// What a page says of itself for programs.
private struct Statements {
    private var metas: [String: String] = [:]
    private var links: [String: String] = [:]
    /// The object of JSON-LD that is the article.
    private(set) var article: JSON?
    private(set) var title: JSON?
    private(set) var heading: JSON?
    private(set) var time: JSON?
    private(set) var language: JSON?

    /// The value of a meta element, by its property, name or itemprop, in lower case.
    subscript(_ name: String) -> JSON? { metas[name].map { .string($0) } }

    func address(_ relation: String) -> JSON? { links[relation].map { .string($0) } }

    init(_ root: MarkupNode) {
        if let tag = root.attribute("lang")?.trimmed, !tag.isEmpty { language = .string(tag) }
        var headings: [String] = []
        var found: [(title: JSON?, time: JSON?)] = []
        root.walk(enter: { node in
            switch node.name {
            case "meta":
                let name = node.attribute("property") ?? node.attribute("name") ?? node.attribute("itemprop") ?? ""
                let value = (node.attribute("content") ?? "").trimmed
                if !name.isEmpty, !value.isEmpty, metas[name.lowercased()] == nil { metas[name.lowercased()] = value }
            case "link":
                let relation = (node.attribute("rel") ?? "").lowercased()
                let address = (node.attribute("href") ?? "").trimmed
                if !address.isEmpty, links[relation] == nil { links[relation] = address }
            case "script":
                if node.attribute("type")?.lowercased().hasPrefix("application/ld+json") == true {
                    take(linkedData: node.text)
                }
                return false
            case "title": found.append((.string(node.text.trimmed), nil))
            case "h1": headings.append(MarkupText.of(node))
            case "time":
                if let text = node.attribute("datetime")?.trimmed, !text.isEmpty { found.append((nil, .string(text))) }
            default: break
            }
            return true
        })
        title = found.lazy.compactMap(\.title).first
        time = found.lazy.compactMap(\.time).first
        // Of several headings none says which is the article's.
        let whole = headings.filter { !$0.isEmpty }
        if whole.count == 1 { heading = .string(whole[0]) }
    }

    private mutating func take(linkedData text: String) {
        guard article == nil else { return }
        var parser = JSONParser(Array(text.utf8))
        guard let value = try? parser.next() else { return }
        article = Self.article(in: value, depth: 0)
    }

    private static func article(in value: JSON, depth: Int) -> JSON? {
        guard depth < 4 else { return nil }
        switch value {
        case .array(let values): return values.lazy.compactMap { article(in: $0, depth: depth + 1) }.first
        case .members:
            let types: [String] =
                switch value["@type"] {
                case .string(let type)?: [type]
                case .array(let types)?: types.compactMap { if case .string(let type) = $0 { type } else { nil } }
                default: []
                }
            if types.contains(where: { $0.hasSuffix("Article") || $0 == "BlogPosting" || $0 == "Report" }) {
                return value
            }
            return [value["@graph"], value["mainEntity"]].lazy.compactMap { $0 }
                .compactMap { article(in: $0, depth: depth + 1) }.first
        default: return nil
        }
    }
}
