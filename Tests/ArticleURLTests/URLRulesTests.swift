// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ArticleURL

@Suite struct URLRulesTests {
    /// Each line has URLs that are the same one, the first in its normal form.
    // swift-format-ignore
    static let equal: [[String]] = [
        ["https://vnexpress.net/bai-1.html", "https://VNExpress.net/bai-1.html", "HTTPS://vnexpress.net/bai-1.html"],
        ["https://vnexpress.net/a", "https://vnexpress.net:443/a", "https://vnexpress.net:/a"],
        ["http://a.vn/", "http://a.vn", "http://a.vn:80", "http://A.VN:80/", "http://a.vn/."],
        ["http://a.vn/?", "http://a.vn?", "http://a.vn:80?"],
        ["http://a.vn/#x", "http://a.vn#x"],
        ["http://a.vn:8080/", "http://a.vn:8080"],
        ["http://a.vn/b", "http://a.vn/./b", "http://a.vn/c/../b", "http://a.vn/../b", "http://a.vn/%2E%2e/b"],
        ["http://a.vn/b/", "http://a.vn/b/.", "http://a.vn/b/c/..", "http://a.vn/b/c/../"],
        ["http://a.vn/b//c", "http://a.vn/b//./c", "http://a.vn/b//d/../c"],
        ["http://a.vn/t%C3%ACm", "http://a.vn/t%c3%acm", "http://a.vn/tìm"],
        ["http://a.vn/~b-c_d.e", "http://a.vn/%7Eb%2dc%5fd%2Ee", "http://a.vn/%7eb-c_d.e"],
        ["http://a.vn/?q=b%20c~#d%3Ce", "http://a.vn/?q=%62%20c%7E#d%3ce"],
        ["https://xn--bo-mia.vn/tin", "https://báo.vn/tin", "https://BÁO.vn/tin", "https://b%C3%A1o.vn/tin",
         "https://XN--bo-mia.VN:443/tin", "https://ba\u{301}o.vn/tin"],
        ["https://xn--bo-mia.xn--vit-gma/", "https://báo.viêt"],
        ["http://[2001:db8::1]/", "http://[2001:DB8::1]:80"],
        ["http://[2001:db8::1]:81/", "http://[2001:DB8::1]:81"],
        ["http://Me:Pass%20@a.vn/", "http://M%65:Pass%20@A.vn:80"],
        ["ws://a.vn/", "WS://a.vn:80"], ["ftp://a.vn/", "ftp://a.vn:21"],
        ["urn:isbn:0451450523", "URN:isbn:0451450523"],
        ["mailto:A@b.vn", "MAILTO:A@b.vn", "mailto:%41@b.vn"],
        ["tag:a.vn,2026:b/../c"], ["file:///etc/b", "file:///etc/../etc/b", "FILE:///etc/b"],
        ["file:/.//b", "file:/././/b", "file:/c/..//b"],
        // Malformed: compared as they are, except for scheme and host.
        ["http://a.vn/%zz", "HTTP://A.vn/%zz"], ["http://a.vn/%4", "http://A.vn:80/%4"], ["http://a.vn/100%/%7e"],
        ["http://a.vn/%zz/../%41"], ["http://a.vn/%%34%31"], ["http://b%zz.vn/", "http://B%zz.vn"],
        ["http://a.vn/%C3", "http://a.vn/%c3"], ["http://a.vn/b%2Fc", "http://a.vn/b%2fc"],
        ["http://a.vn:b/", "http://A.vn:B/"], ["http://a.vn:b:1/"],
        ["http:///b"], ["http://"], ["http:a"], ["a:"], ["http://[::1/", "http://[::1"], ["http://@/"],
        ["http://a_b.vn/", "http://A_b.vn"], ["http://a%2Fb.vn/", "http://a%2fB.vn"],
    ]

    @Test(arguments: equal) func equalURLs(_ urls: [String]) throws {
        let normal = try #require(urls.first)
        for url in urls { #expect(URLRules.standard.normalized(url) == normal, "\(url)") }
    }

    @Test func differentURLs() {
        let all =
            Self.equal.compactMap(\.first) + [
                "https://vnexpress.net/a?", "https://vnexpress.net/a#", "https://vnexpress.net/a#b",
                "http://vnexpress.net/a",
                "https://vnexpress.net/A", "https://vnexpress.net/a/", "https://www.vnexpress.net/a",
                "http://a.vn/b%2fC",
                "http://a.vn/b/c", "http://a.vn/?q=b%20c", "http://me:Pass%20@a.vn/", "http://a.vn/b/c/",
                "http://a.vn./",
            ]
        #expect(Set(all.map { URLRules.standard.normalized($0) }).count == all.count)
    }

    @Test(arguments: ["", ":", "tin", "/tin", "//a.vn/b", "1a:b", "a b://c", "báo://c", "%41:b"])
    func notAbsolute(_ text: String) { #expect(URLRules.standard.normalized(text) == text) }

    @Test func normalFormIsPlain() {
        for url in ["https://vnexpress.net/bai-1.html", "http://a.vn/t%C3%ACm?b=c%20d&e#f", "a+b.c-1://d-e.f/"] {
            #expect(URLRules.standard.isPlain(Array(url.utf8)), "\(url)")
        }
    }

    /// What the parser may do to bytes that no person would write.
    @Test func anyBytes() {
        var generator = SystemRandomNumberGenerator()
        let pieces =
            [
                "http", "HTTPS", ":", "/", "//", ".", "..", "?", "#", "@", "%", "%4", "%41", "%c3", "%2e", "%2F", "á",
                "ｅ", "。",
                "\u{ad}", "℀", "a", "B", "xn--", "[", "]", "80", "443", "&", "=", "utm_x", "fbclid", "?utm_x=%2",
                "\u{0}", " ",
                "%00", "ß",
            ].map { Array($0.utf8) } + [[0xff], [0xc3]]
        let rules = [URLRules.standard, try? URLRules(strippedParameters: "utm_*,fbclid")].compactMap { $0 }
        for _ in 0..<20_000 {
            let start = Bool.random() ? Array("http://".utf8) : []
            let url = (0..<Int.random(in: 0..<12)).reduce(into: start) { url, _ in
                url += pieces.randomElement(using: &generator) ?? []
            }
            for rules in rules {
                let normal = rules.normalized(url)
                #expect(rules.normalized(normal) == normal, "\(url): \(String(decoding: url, as: UTF8.self))")
                if rules.isPlain(url) { #expect(normal == url, "\(url)") }
            }
        }
    }

    @Test func strippedParameters() throws {
        let rules = try URLRules(strippedParameters: "utm_*, fbclid")
        for (url, stripped) in [
            ("https://A.vn/b?utm_source=fb", "https://A.vn/b"), ("https://A.vn/b?utm_source=fb#c", "https://A.vn/b#c"),
            ("https://A.vn/b?id=1&fbclid=x&utm_=&p=2", "https://A.vn/b?id=1&p=2"),
            ("https://A.vn/b?", "https://A.vn/b?"),
            ("https://A.vn/b?a&&b", "https://A.vn/b?a&&b"), ("https://A.vn/b?fbclid2=x", "https://A.vn/b?fbclid2=x"),
            ("https://A.vn/fbclid=1", "https://A.vn/fbclid=1"), ("urn:x?fbclid", "urn:x"),
            ("tin?fbclid=1", "tin?fbclid=1"),
        ] {
            #expect(rules.strippingQuery(url) == stripped)
            #expect(rules.normalized(url) == URLRules.standard.normalized(stripped))
        }
        #expect(rules.normalized("http://a.vn/?ut%6D_x=1") == "http://a.vn/")
        // A parameter that is left out does not make the others malformed.
        #expect(rules.normalized("http://a.vn/?utm_x=%2&p=%2D") == "http://a.vn/?p=-")
        #expect(!rules.isPlain(Array("http://a.vn/?b".utf8)))
        #expect(throws: URLRules.Problem.self) { try URLRules(strippedParameters: "*") }
        #expect(throws: URLRules.Problem.self) { try URLRules(strippedParameters: ["a=b"]) }
        #expect(throws: URLRules.Problem.self) { try URLRules(strippedParameters: [""]) }
        #expect(try URLRules(strippedParameters: "") == .standard)
    }
}

extension URLRules {
    fileprivate func isPlain(_ url: [UInt8]) -> Bool { unsafe isPlain(url.span.bytes) }
}
