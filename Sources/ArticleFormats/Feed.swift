// SPDX-License-Identifier: Apache-2.0
internal import CXML2
package import JSONTree

/// The articles of an XML document: RSS (0.9 to 2.0), Atom, or a sitemap with news. libxml2 reads it piece by piece, so memory
/// does not depend on how many articles there are.
@safe package final class Feed {
    package struct Entry {
        /// Where it begins, from 1.
        package let line: Int
        /// Its members have the names of articlectl's records.
        package let record: JSON
    }

    package enum Failure: Error, Equatable {
        /// The document is no well-formed XML. Nothing behind this line can be read.
        case malformed(line: Int, String)
        /// The document has another root element.
        case unknown(root: String)
        /// It lists other sitemaps.
        case sitemapIndex
    }

    /// Where the document comes from.
    private final class Input {
        let next: () -> [UInt8]
        var rest: ArraySlice<UInt8> = []
        init(_ next: @escaping () -> [UInt8]) { self.next = next }
    }

    private let input: Input
    private let reader: xmlTextReaderPtr
    private var isOver = false
    private var hasRoot = false
    /// What the document says of all its articles.
    private var channel = FeedChannel()

    /// - Parameters:
    ///   - encoding: nil: as the document says.
    ///   - next: the next bytes of the document; empty at the end.
    package init?(encoding: String?, next: @escaping () -> [UInt8]) {
        cxml2_print_nothing()
        input = Input(next)
        let context = unsafe Unmanaged.passUnretained(input).toOpaque()
        // What the document says does not count if its encoding is known.
        let ignored = encoding == nil ? 0 : XML_PARSE_IGNORE_ENC.rawValue
        guard
            let reader = unsafe xmlReaderForIO(
                { context, buffer, size in
                    guard let context = unsafe context, let buffer = unsafe buffer else { return -1 }
                    let input = unsafe Unmanaged<Input>.fromOpaque(context).takeUnretainedValue()
                    if input.rest.isEmpty { input.rest = input.next()[...] }
                    let piece = input.rest.prefix(Int(size))
                    unsafe UnsafeMutableRawBufferPointer(start: buffer, count: Int(size)).copyBytes(from: piece)
                    input.rest = input.rest.dropFirst(piece.count)
                    return Int32(piece.count)
                }, nil, context, nil, encoding, Int32(XML_PARSE_NONET.rawValue | ignored))
        else { return nil }
        unsafe self.reader = reader
    }

    deinit { unsafe xmlFreeTextReader(reader) }

    /// The next article; nil at the end.
    package func next() throws(Failure) -> Entry? {
        while !isOver {
            xmlResetLastError()
            let step = unsafe hasMoved ? 1 : xmlTextReaderRead(reader)
            hasMoved = false
            guard step == 1 else {
                isOver = true
                if step == 0 { return nil }
                throw malformed()
            }
            guard unsafe xmlTextReaderNodeType(reader) == Int32(XML_READER_TYPE_ELEMENT.rawValue) else { continue }
            let depth = unsafe xmlTextReaderDepth(reader)
            let name = unsafe MarkupNode.string(xmlTextReaderConstLocalName(reader))
            if !hasRoot {
                hasRoot = true
                try begin(name)
                continue
            }
            // <rss><channel>, the only element that holds both articles and what is said of all of them.
            if depth == 1, name == "channel" { continue }
            let line = Int(unsafe xmlTextReaderGetParserLineNumber(reader))
            guard depth <= 2 else { continue }
            guard let pointer = unsafe xmlTextReaderExpand(reader) else {
                isOver = true
                throw malformed()
            }
            let node = unsafe MarkupNode(pointer)
            let isEntry = ["item", "entry", "url"].contains(name)
            let record = isEntry ? FeedEntry(node, channel).record : nil
            if !isEntry { channel.take(node) }
            // Passes over what is in the element, and frees it.
            let moved = unsafe xmlTextReaderNext(reader)
            hasMoved = moved == 1
            if moved == 0 { isOver = true }
            if moved < 0 { pending = malformed() }
            if let record { return Entry(line: line, record: record) }
            if let pending {
                isOver = true
                throw pending
            }
        }
        if let pending {
            self.pending = nil
            throw pending
        }
        return nil
    }

    /// The reader stands at an element that was not looked at yet.
    private var hasMoved = false
    /// What went wrong behind the article that was returned last.
    private var pending: Failure? {
        didSet { if pending != nil { isOver = true } }
    }

    private func begin(_ root: String) throws(Failure) {
        switch root {
        case "rss", "RDF", "feed", "urlset", "channel":
            channel.language = attribute("lang") ?? ""
        case "sitemapindex":
            isOver = true
            throw .sitemapIndex
        default:
            isOver = true
            throw .unknown(root: root)
        }
    }

    private func attribute(_ name: String) -> String? {
        guard let node = unsafe xmlTextReaderCurrentNode(reader) else { return nil }
        return unsafe MarkupNode(node).attribute(name)
    }

    private func malformed() -> Failure {
        var line: Int32 = 0
        guard let message = unsafe cxml2_last_error(&line) else {
            return .malformed(line: Int(unsafe xmlTextReaderGetParserLineNumber(reader)), "it ends too early")
        }
        let text = unsafe String(cString: message)
        return .malformed(line: Int(line), String(text.prefix { !$0.isNewline }))
    }
}

/// What a feed says of all its articles.
struct FeedChannel {
    var title = ""
    var language = ""

    mutating func take(_ node: MarkupNode) {
        switch node.name {
        case "title" where title.isEmpty: title = MarkupText.of(html: node.text)
        case "language" where language.isEmpty: language = node.text
        default: break
        }
    }
}

/// One article of a feed, as a record.
struct FeedEntry {
    private var categories: [JSON] = []
    private var authors: [JSON] = []
    private var others: [(name: String, text: String)] = []
    private var links: [String: String] = [:]
    private var source = ""
    private var language: String
    private var dates: [String: String] = [:]
    private var texts: [String: String] = [:]
    private var id = ""

    /// Names of elements that say something of the article, by what they say.
    private static let bodies = ["encoded", "content", "fulltext", "full-text", "body"]
    private static let summaries = ["description", "summary"]
    private static let times = [
        "pubDate", "published", "publication_date", "date", "issued", "created", "updated", "modified", "lastmod",
    ]

    init(_ entry: MarkupNode, _ channel: FeedChannel) {
        language = entry.attribute("lang") ?? channel.language
        source = channel.title
        for node in entry.elements { take(node) }
    }

    private mutating func take(_ node: MarkupNode) {
        let isForeign = ["media", "itunes", "georss", "slash", "thr"].contains(node.prefix)
        switch node.name {
        case _ where isForeign: other(node)
        case "title": texts["title", default: ""] += Self.text(of: node)
        case let name where Self.bodies.contains(name):
            // <content src="..."> is elsewhere, and <content:encoded> may stand beside <excerpt:encoded>.
            let kind = node.prefix == "excerpt" ? "summary" : "body"
            let text = Self.text(of: node)
            if text.isEmpty { other(node) } else { longer(kind, text) }
        case let name where Self.summaries.contains(name):
            longer("summary", Self.text(of: node))
        case let name where Self.times.contains(name): dates[name] = dates[name] ?? node.text.trimmed
        case "link":
            let address = (node.attribute("href") ?? node.text).trimmed
            let relation = node.attribute("rel") ?? "alternate"
            if !address.isEmpty, links[relation] == nil {
                links[relation] = address
                if relation != "alternate" { others.append(("link \(relation)", address)) }
            }
        case "loc": links["alternate"] = node.text.trimmed
        case "guid", "id":
            id = node.text.trimmed
            if node.name == "guid", node.attribute("isPermaLink") != "false", id.hasPrefix("http") {
                links["permalink"] = id
            }
        case "author", "creator":
            let names = node.elements.filter { $0.name == "name" }.map(\.text.trimmed)
            authors += (names.isEmpty ? [node.text.trimmed] : names).filter { !$0.isEmpty }.map { .string($0) }
        case "category", "subject":
            let name = (node.attribute("label") ?? node.attribute("term") ?? node.text).trimmed
            if !name.isEmpty, !categories.contains(.string(name)) { categories.append(.string(name)) }
        case "source":
            let title = node.elements.first { $0.name == "title" }?.text ?? node.text
            if !title.trimmed.isEmpty { source = title.trimmed }
        case "language": language = node.text.trimmed
        // A sitemap's news.
        case "news": for inner in node.elements { take(inner) }
        case "publication":
            for inner in node.elements {
                if inner.name == "name" { source = inner.text.trimmed }
                if inner.name == "language" { language = inner.text.trimmed }
            }
        default: other(node)
        }
    }

    /// Of several, the longest is the field. The others are kept beside it.
    private mutating func longer(_ kind: String, _ text: String) {
        var (kept, other) = (texts[kind, default: ""], text)
        if other.utf8.count > kept.utf8.count { swap(&kept, &other) }
        texts[kind] = kept
        if !other.isEmpty, other != kept { others.append((kind, other)) }
    }

    /// What belongs to no field.
    private mutating func other(_ node: MarkupNode) {
        let text = node.elements.isEmpty ? node.text.trimmed : MarkupText.of(node)
        let value = text.isEmpty ? node.attribute("url") ?? node.attribute("href") ?? node.attribute("src") ?? "" : text
        guard !value.isEmpty else { return }
        others.append((node.prefix.isEmpty ? node.name : "\(node.prefix):\(node.name)", value))
    }

    /// Markup inside of markup: as elements (Atom's XHTML), or as text that is HTML.
    private static func text(of node: MarkupNode) -> String {
        if !node.elements.isEmpty { return MarkupText.of(node) }
        let isAtom = node.namespace == "http://www.w3.org/2005/Atom"
        let isHTML = !isAtom || node.attribute("type")?.contains("html") == true
        return isHTML ? MarkupText.of(html: node.text.trimmed) : node.text.trimmed
    }

    var record: JSON {
        var members: [(String, JSON)] = []
        func add(_ name: String, _ text: String) { if !text.isEmpty { members.append((name, .string(text))) } }
        add("id", id)
        add("url", links["alternate"] ?? links["permalink"] ?? "")
        add("source", source)
        add("title", texts["title", default: ""])
        let (summary, body) = (texts["summary", default: ""], texts["body", default: ""])
        // A description that is too long for a summary is the article.
        if body.isEmpty, summary.utf8.count > Self.longestSummary {
            add("body", summary)
        } else {
            if summary != body { add("summary", summary) }
            add("body", body)
        }
        if !authors.isEmpty { members.append(("author", .array(authors))) }
        if let name = Self.times.first(where: { !(dates[$0] ?? "").isEmpty }), let time = dates[name] {
            add("published_at", time)
            for other in Self.times where other != name && dates[other] != time { add(other, dates[other] ?? "") }
        }
        add("language", language)
        if !categories.isEmpty { members.append(("topics", .array(categories))) }
        // An element may come several times.
        var grouped: [(String, [String])] = []
        for (name, text) in others {
            if let index = grouped.firstIndex(where: { $0.0 == name }) {
                grouped[index].1.append(text)
            } else {
                grouped.append((name, [text]))
            }
        }
        let fields = Set(members.map(\.0))
        for (name, values) in grouped {
            let name = fields.contains(name) ? "feed:\(name)" : name
            members.append((name, values.count == 1 ? .string(values[0]) : .array(values.map { .string($0) })))
        }
        return .object(members)
    }

    /// In bytes.
    private static let longestSummary = 4000
}

extension String {
    var trimmed: String {
        func isBlank(_ character: Character) -> Bool { character.isWhitespace }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
