// SPDX-License-Identifier: Apache-2.0
import ArticleFormats
import JSONTree

/// What a document in XML or HTML is, told by its beginning.
enum MarkupKind: Equatable {
    case page
    case feed
    /// A root element that holds no articles.
    case other(root: String)

    /// - Returns: nil if it is not markup, or if the root element is not in these bytes.
    init?(beginningWith bytes: [UInt8]) {
        var text = Substring(String(decoding: bytes.prefix(32 << 10), as: UTF8.self))
        if text.unicodeScalars.first == "\u{feff}" { text.unicodeScalars.removeFirst() }
        while true {
            text = text.drop { $0.isWhitespace }
            guard text.first == "<" else { return nil }
            if text.hasPrefix("<!--") {
                guard let end = text.range(of: "-->") else { return nil }
                text = text[end...]
            } else if text.hasPrefix("<?") {
                guard let end = text.range(of: "?>") else { return nil }
                text = text[end...]
            } else if text.hasPrefix("<!") {
                if text.prefix(16).lowercased().hasPrefix("<!doctype html") {
                    self = .page
                    return
                }
                guard let end = text.firstIndex(of: ">") else { return nil }
                text = text[text.index(after: end)...]
            } else {
                break
            }
        }
        let name = text.dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == ":" || $0 == "-" || $0 == "_" }
        guard let first = name.first, first.isLetter, name.endIndex < text.endIndex else { return nil }
        let root = String(name.split(separator: ":").last ?? name)
        switch root {
        case "rss", "RDF", "feed", "urlset", "sitemapindex": self = .feed
        default:
            let lower = root.lowercased()
            self = ["html", "head", "body"].contains(lower) ? .page : .other(root: root)
        }
    }
}

extension Substring {
    /// The end of the first occurrence.
    fileprivate func range(of text: String) -> Index? {
        var place = startIndex
        while place < endIndex {
            if self[place...].hasPrefix(text) { return index(place, offsetBy: text.count) }
            place = index(after: place)
        }
        return nil
    }
}

extension WebPage {
    /// Reads a page whose encoding it says itself, if it is not UTF-8.
    static func read(_ bytes: [UInt8]) throws(RecordError) -> WebPage {
        let isUTF8 = String(validating: bytes, as: UTF8.self) != nil
        let beginning = String(decoding: bytes.prefix(4096), as: UTF8.self).lowercased()
        guard isUTF8 || beginning.contains("charset=") || beginning.contains("encoding=") else {
            throw RecordError(
                "the page is not in UTF-8, and does not say its encoding: say it, as --encoding windows-1258")
        }
        guard let page = WebPage(bytes, encoding: isUTF8 ? "UTF-8" : nil) else {
            throw RecordError("there is nothing in the page")
        }
        return page
    }
}

extension Feed.Failure {
    /// What to tell.
    var text: RecordError {
        switch self {
        case .malformed(let line, let reason):
            RecordError("the XML is damaged in line \(line): \(reason); from there on nothing is read")
        case .unknown(let root):
            RecordError(
                "it is XML with the root element <\(root)>, no feed: make JSON of it, one object for each article; --format "
                    + "text stores it as it is")
        case .sitemapIndex: RecordError("it lists other sitemaps, and has no articles itself: import those")
        }
    }
}
