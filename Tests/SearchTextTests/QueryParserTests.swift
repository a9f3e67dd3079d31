// SPDX-License-Identifier: Apache-2.0
import SearchText
import Testing

@Suite("Query parser") struct QueryParserTests {
    private func parse(_ text: String) -> String { "\(describing: QueryParser.parse(text).root)" }

    /// The query, and the beginnings of its notes.
    private func notes(_ text: String) -> [String] { QueryParser.parse(text).notes }

    @Test("words are wanted all, in any order")
    func words() {
        #expect(parse("lũ lụt miền Trung") == "(lu~ lut. miên` trung)")
        #expect(parse("lũ") == "lu~")
        #expect(parse("  ") == "everything")
        #expect(parse("— ! … -") == "everything")
        #expect(QueryParser.parse("một hai").canBeRelaxed)
        #expect(!QueryParser.parse("một").canBeRelaxed)
        #expect(!QueryParser.parse("một AND hai").canBeRelaxed)
        #expect(!QueryParser.parse("\"một hai\" source:x").canBeRelaxed)
    }

    @Test("what is one word as typed stays together, and a comma separates")
    func joinedWords() {
        #expect(parse("COVID-19 TP.HCM") == "(‹covid 19› ‹tp hcm›)")
        #expect(parse("một,hai:ba") == "(môt. hai ba)")
        #expect(parse("3,5 16.000") == "(3.5 16000)")
        #expect(parse("https://mic.gov.vn/1") == "(https ‹mic gov vn 1›)")
        #expect(parse("(NLĐ)- Quỹ") == "(nlđ quy~)")
        #expect(parse("(NLĐ)-Quỹ Hà Nội - Huế") == "(nlđ quy~ ha` nôi. huê')")
    }

    @Test("phrases, with quotation marks of any kind")
    func phrases() {
        for query in ["\"lũ lụt\"", "“lũ lụt”", "„lũ lụt“", "«lũ lụt»", "＂lũ lụt＂"] {
            #expect(parse(query) == "\"lu~ lut.\"")
        }
        #expect(parse("a\"b c\"d") == "(a \"b c\" d)")
        #expect(parse("\"\" x \"…\"") == "x")
    }

    @Test("operators")
    func operators() {
        #expect(parse("a AND b") == "[a & b]")
        #expect(parse("a && b c") == "[a & b & c]")
        #expect(parse("a OR b") == "{a | b}")
        #expect(parse("a b OR c d") == "{(a b) | (c d)}")
        #expect(parse("a (b OR c) d") == "(a {b | c} d)")
        #expect(parse("a || b || c") == "{a | b | c}")
        #expect(parse("a -b NOT c -\"d e\"") == "(a !b !c !\"d e\")")
        #expect(parse("−a NOT -b") == "(!a b)")
        #expect(parse("a - b a-b --c") == "(a b ‹a b› c)")
        #expect(parse("and or not") == "(and or not)")
        #expect(parse("-(a b)") == "!(a b)")
        #expect(parse("thanh* -ph* x*y") == "(thanh* !ph* x y)")
        #expect(parse("*") == "everything")
    }

    @Test("fields")
    func fields() {
        #expect(parse("title:lũ Title:\"lũ lụt\"") == "(title=lu~ title=\"lu~ lut.\")")
        #expect(parse("title:(a OR b) author:Lan") == "({title=a | title=b} author=lan)")
        #expect(parse("-title:a") == "!title=a")
        #expect(parse("source:Mic.gov.vn") == "source=mic gov vn")
        #expect(
            parse("source:\"Tuổi Trẻ\" topic:kinh-doanh lang:VI") == "(source=tuoi tre topic=kinh-doanh language=vi)")
        #expect(parse("topic:\"Kinh doanh\" OR topic:the-thao") == "{topic=kinh-doanh | topic=the-thao}")
        #expect(parse("title: a") == "(title a)")
    }

    @Test("dates, in the caller's time zone")
    func dates() {
        #expect(parse("after:2024") == "1704067200000..")
        #expect(parse("before:1970-01-02") == "..86400000")
        #expect(parse("after:2024-02-29") == parse("after:29/2/2024"))
        #expect(parse("since:2024-05") == parse("from:1/5/2024"))
        let local = QueryParser.parse("after:1970-01-02", minutesEastOfUTC: 420)
        #expect(local.root == .time(from: 86_400_000 - 25_200_000, until: nil))
        for text in ["2024-13", "2023-02-29", "31/4/2024", "20245", "0", "x", "1/2/3/2024", "2024-", "-2024", "24-5-1"]
        {
            #expect(notes("after:\(text) y").count == 1, "\(text)")
        }
    }

    @Test("what cannot be parsed is searched as words, and a note says so")
    func repairs() {
        #expect(parse("\"lũ lụt") == "(lu~ lut.)")
        #expect(parse("a OR") == "a" && parse("OR a") == "a" && parse("a OR OR b") == "{a | b}")
        #expect(parse("AND a") == "a" && parse("a AND") == "a" && parse("a AND AND b") == "[a & b]")
        #expect(parse("a) b") == "(a b)" && parse("(a b") == "(a b)" && parse(")(") == "everything")
        #expect(parse("a NOT") == "a" && parse("NOT OR a") == "a")
        #expect(parse("autor:Lan") == "(autor lan)")
        #expect(parse("source:(a b)") == "(a b)")
        for query in [
            "\"lũ lụt", "a OR", "OR a", "a OR OR b", "AND a", "a AND", "a) b", "(a b", ")(", "a NOT", "autor:Lan",
            "source:(a b)", "after:never",
        ] {
            #expect(!notes(query).isEmpty, "\(query)")
        }
        for query in ["a", "10:30", "http://a.vn", "a OR b", "(a)", "\"a\"", "Bộ trưởng: x"] {
            #expect(notes(query).isEmpty, "\(query)")
        }
    }

    @Test("limits")
    func limits() {
        let many = QueryParser.parse((0..<100).map { "w\($0)" }.joined(separator: " "))
        #expect(many.texts.count == SearchQuery.maxWords && many.notes.count == 1)
        let long = QueryParser.parse(String(repeating: "ộ", count: 5000))
        #expect(long.texts.count == 1 && long.notes.count == 1)
        let deep = String(repeating: "(", count: 600) + "a" + String(repeating: ")", count: 600)
        #expect(parse(deep) == "a")
        #expect(parse(String(repeating: "-", count: 2000) + "a") == "a")
        #expect(parse(String(repeating: "NOT ", count: 901) + "a") == "!a")
        #expect(parse(String(repeating: "title:", count: 600) + "a") == "title=a")
    }

    @Test("every query made of these pieces is parsed")
    func anything() {
        let pieces = [
            "a", "ộ", "\"", "(", ")", "-", " ", "OR", "AND", "NOT", "title:", "source:", "after:", "2024", "*", "“",
        ]
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }
            .joined(separator: Bool.random(using: &generator) ? " " : "")
            let query = QueryParser.parse(text)
            #expect(query.texts.allSatisfy { !$0.words.isEmpty }, "\(text)")
        }
    }
}

extension DefaultStringInterpolation {
    fileprivate mutating func appendInterpolation(describing node: SearchQuery.Node?) {
        appendLiteral(node.map(described) ?? "everything")
    }
}

private func described(_ node: SearchQuery.Node) -> String {
    switch node {
    case .text(let text):
        let words = text.words.map(\.exact).joined(separator: " ")
        let place = text.place == .title ? "title=" : text.place == .author ? "author=" : ""
        let quoted = text.isQuoted ? "\"\(words)\"" : text.words.count > 1 ? "‹\(words)›" : words
        return place + quoted + (text.isPrefix ? "*" : "")
    case .value(let field, let value): return "\(field)=\(value)"
    case .time(let from, let until): return "\(from.map { "\($0)" } ?? "")..\(until.map { "\($0)" } ?? "")"
    case .all(let nodes, isImplicit: true): return "(\(nodes.map(described).joined(separator: " ")))"
    case .all(let nodes, isImplicit: false): return "[\(nodes.map(described).joined(separator: " & "))]"
    case .any(let nodes): return "{\(nodes.map(described).joined(separator: " | "))}"
    case .not(let node): return "!\(described(node))"
    }
}
