// SPDX-License-Identifier: Apache-2.0
/// Parses what a person typed. It never fails: what cannot be parsed is searched as words, and a note says so.
///
/// ```
/// lũ lụt miền Trung          all of the words; if few articles have them, most of them
/// "lũ lụt"                   these words, one after another
/// lũ AND (bão OR dông)       operators in capitals; && and || are the same
/// lũ -"miền Trung"           without these words; NOT is the same
/// thanh*                     words that begin so
/// title:lũ author:"Lan Anh"  in the title, by this author
/// source:Mic.gov.vn topic:kinh-doanh language:vi
/// after:2024-05 before:20/11/2024
/// ```
public struct QueryParser {
    /// Parentheses deeper than this are left out.
    private static let maxDepth = 8
    /// What is longer, in bytes, is cut.
    private static let maxBytes = 4096

    private var lexer: QueryLexer
    private var notes: [String] = []
    private var words = 0
    private let offset: Int64

    /// Parses a query.
    ///
    /// - Parameters:
    ///   - text: what was typed.
    ///   - minutesEastOfUTC: the time zone of its dates.
    public static func parse(_ text: String, minutesEastOfUTC: Int = 0) -> SearchQuery {
        var parser = QueryParser(text, Int64(minutesEastOfUTC) * 60_000)
        return parser.parse()
    }

    private init(_ text: String, _ offset: Int64) {
        self.offset = offset
        if text.utf8.count > Self.maxBytes {
            let cut = String(decoding: text.utf8.prefix(Self.maxBytes), as: UTF8.self)
            notes.append("Only the first \(Self.maxBytes) bytes of the query are searched.")
            lexer = QueryLexer(cut)
        } else {
            lexer = QueryLexer(text)
        }
    }

    private mutating func parse() -> SearchQuery {
        var nodes: [SearchQuery.Node] = []
        while true {
            if let node = parseAny(.everywhere, depth: 0) { nodes.append(node) }
            // Only a closing parenthesis too many stops earlier than at the end.
            guard lexer.next() != nil else { break }
            note("A closing parenthesis has no opening one; it is left out.")
        }
        if lexer.hasOpenQuote { note("A quotation mark has no closing one; the words after it are searched as words.") }
        return SearchQuery(root: Self.joined(nodes, isImplicit: true), notes: notes)
    }

    /// Nodes of several parts that were typed one after another.
    private static func joined(_ nodes: [SearchQuery.Node], isImplicit: Bool) -> SearchQuery.Node? {
        if nodes.count == 1 { return nodes[0] }
        return nodes.isEmpty ? nil : .all(nodes, isImplicit: isImplicit)
    }

    /// `a OR b`, up to the end or a closing parenthesis.
    private mutating func parseAny(_ place: SearchQuery.Place, depth: Int) -> SearchQuery.Node? {
        var parts: [SearchQuery.Node] = []
        var expectsMore = false
        while true {
            let part = parseAll(place, depth: depth)
            if let part { parts.append(part) }
            if part == nil, expectsMore { note("OR needs words on both sides; it is left out.") }
            guard case .or = lexer.peek() else { break }
            _ = lexer.next()
            if part == nil, !expectsMore { note("OR needs words on both sides; it is left out.") }
            expectsMore = true
        }
        return parts.count > 1 ? .any(parts) : parts.first
    }

    /// `a b AND c -d`, up to OR, the end or a closing parenthesis.
    private mutating func parseAll(_ place: SearchQuery.Place, depth: Int) -> SearchQuery.Node? {
        var nodes: [SearchQuery.Node] = []
        var isImplicit = true
        var isAfterAnd = false
        while let token = lexer.peek() {
            switch token {
            case .or, .close:
                if isAfterAnd { note("AND needs words on both sides; it is left out.") }
                return Self.joined(nodes, isImplicit: isImplicit)
            case .and:
                _ = lexer.next()
                if nodes.isEmpty || isAfterAnd { note("AND needs words on both sides; it is left out.") }
                isAfterAnd = true
            default:
                guard let node = parseOne(place, depth: depth) else { continue }
                // Both sides are wanted as they are.
                if isAfterAnd { isImplicit = false }
                isAfterAnd = false
                if case .all(let more, isImplicit: true) = node, isImplicit {
                    nodes.append(contentsOf: more)
                } else {
                    nodes.append(node)
                }
            }
        }
        if isAfterAnd { note("AND needs words on both sides; it is left out.") }
        return Self.joined(nodes, isImplicit: isImplicit)
    }

    /// One word, phrase, field, group or negation. nil if nothing of it can be searched.
    private mutating func parseOne(_ place: SearchQuery.Place, depth: Int) -> SearchQuery.Node? {
        switch lexer.next() {
        case .not:
            switch lexer.peek() {
            case nil, .and, .or, .close:
                note("NOT needs a word behind it; it is left out.")
                return nil
            default: break
            }
            guard let node = parseOne(place, depth: depth + 1) else { return nil }
            if case .not(let twice) = node { return twice }
            return .not(node)
        case .open: return parseGroup(place, depth: depth)
        case .phrase(let text): return phrase(text, place)
        case .word(let text): return parseWord(text, place)
        case .field(let name): return parseField(name, place, depth: depth)
        case .and, .or, .close, nil: return nil
        }
    }

    private mutating func parseGroup(_ place: SearchQuery.Place, depth: Int) -> SearchQuery.Node? {
        guard depth < Self.maxDepth else {
            note("Parentheses are nested more than \(Self.maxDepth) deep; the inner ones are left out.")
            return nil
        }
        let node = parseAny(place, depth: depth + 1)
        if case .close = lexer.peek() {
            _ = lexer.next()
        } else {
            note("An opening parenthesis has no closing one; it is left out.")
        }
        return node
    }

    private mutating func note(_ text: String) {
        if !notes.contains(text), notes.count < 8 { notes.append(text) }
    }
}

extension QueryParser {
    /// The words of a text, as far as there is room for more.
    private mutating func take(_ list: TokenList) -> [SearchQuery.Word] {
        let count = min(list.count, SearchQuery.maxWords - words)
        if count < list.count { note("Only the first \(SearchQuery.maxWords) words of the query are searched.") }
        words += count
        return (0..<count).map { index in
            SearchQuery.Word(
                exact: list.exact(index), folded: list.folded(index), isMarked: list.tokens[index].isMarked)
        }
    }

    private mutating func phrase(_ text: String, _ place: SearchQuery.Place) -> SearchQuery.Node? {
        let words = take(TokenList(text))
        return words.isEmpty ? nil : .text(SearchQuery.Text(words, in: place, isQuoted: true))
    }

    /// A word as typed. `COVID-19` is one condition: both words, one after the other. `một,hai` are two.
    private mutating func parseWord(_ text: String, _ place: SearchQuery.Place) -> SearchQuery.Node? {
        let list = TokenList(text)
        let bytes = Array(text.utf8)
        var texts: [SearchQuery.Text] = []
        for (index, word) in take(list).enumerated() {
            if index > 0,
                Self.isJoined(bytes[list.tokens[index - 1].range.upperBound..<list.tokens[index].range.lowerBound])
            {
                texts[texts.count - 1].words.append(word)
            } else {
                texts.append(SearchQuery.Text([word], in: place))
            }
        }
        if text.hasSuffix("*"), !texts.isEmpty { texts[texts.count - 1].isPrefix = true }
        if let name = text.split(separator: ":").first, texts.count > 1, !text.contains("://"), text.contains(":"),
            name.utf8.allSatisfy({ (0x61...0x7a).contains($0 | 0x20) })
        {
            note(
                "\(name): is no field; it is searched as words. Fields are title, author, source, topic, language, "
                    + "after and before.")
        }
        return Self.joined(texts.map { .text($0) }, isImplicit: true)
    }

    /// Whether words with these signs between them are one word as typed. A comma or a colon separates.
    private static func isJoined(_ gap: ArraySlice<UInt8>) -> Bool {
        !gap.contains { $0 == 0x2c || $0 == 0x3a || $0 == 0x3b || $0 == 0x2b || $0 == 0x2a || $0 == 0x7c }
    }

    private mutating func parseField(_ name: String, _ place: SearchQuery.Place, depth: Int) -> SearchQuery.Node? {
        switch name {
        case "title": return parseOne(.title, depth: depth)
        case "author": return parseOne(.author, depth: depth)
        default: break
        }
        let text: String
        switch lexer.next() {
        case .word(let word), .phrase(let word): text = word
        case .open:
            note("\(name): needs one value, in quotation marks if it has blanks; the words are searched as words.")
            return parseGroup(place, depth: depth)
        default:
            note("\(name): needs a value; it is left out.")
            return nil
        }
        let list = TokenList(text)
        let folded = (0..<list.count).map { list.folded($0) }
        switch name {
        case "after", "before":
            guard let time = QueryDate.parse(text, offset: offset) else {
                note(
                    "\(name):\(text) is no date; it is searched as words. Dates are 2024, 2024-05, 2024-05-31 or 31/5/2024."
                )
                return parseWord(text, place)
            }
            return name == "after" ? .time(from: time, until: nil) : .time(from: nil, until: time)
        case "source": return folded.isEmpty ? nil : .value(.source, folded.joined(separator: " "))
        case "topic": return folded.isEmpty ? nil : .value(.topic, folded.joined(separator: "-"))
        default: return folded.isEmpty ? nil : .value(.language, folded.joined(separator: "-"))
        }
    }
}

/// Dates as people type them.
enum QueryDate {
    /// The beginning of a year, month or day, in milliseconds since 1970-01-01T00:00:00Z; nil if it is no date.
    static func parse(_ text: String, offset: Int64) -> Int64? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let turned = text.split(separator: "/", omittingEmptySubsequences: false)
        let fields = turned.count > 1 ? Array(turned.reversed()) : parts
        guard (1...3).contains(fields.count) else { return nil }
        let numbers = fields.compactMap { field -> Int? in
            field.utf8.allSatisfy { (0x30...0x39).contains($0) } && field.utf8.count <= 4 ? Int(field) : nil
        }
        guard numbers.count == fields.count, fields[0].utf8.count == 4 else { return nil }
        let month = numbers.count > 1 ? numbers[1] : 1
        let day = numbers.count > 2 ? numbers[2] : 1
        guard (1...12).contains(month), (1...days(in: month, of: numbers[0])).contains(day) else { return nil }
        return Int64(days(before: numbers[0], month, day)) * 86_400_000 - offset
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 in the Gregorian calendar.
    private static func days(before year: Int, _ month: Int, _ day: Int) -> Int {
        let years = month <= 2 ? year - 1 : year
        let months = (month + 9) % 12
        return 365 * years + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 1 - 719_468
    }
}
