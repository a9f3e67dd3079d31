// SPDX-License-Identifier: Apache-2.0

import JSONTree
import Testing

/// The grammar of json5.org.
@Suite struct JSON5Tests {
    private func parse(_ text: String) throws(JSONError) -> JSON {
        try JSONParser.parse(Array(text.utf8), as: .json5)
    }

    @Test func theExampleOfTheSpecification() throws {
        let value = try parse(
            #"""
            {
              // comments
              unquoted: 'and you can quote me on that',
              singleQuotes: 'I can use "double quotes" here',
              lineBreaks: "Look, Mom! \
            No \\n's!",
              hexadecimal: 0xdecaf,
              leadingDecimalPoint: .8675309, andTrailing: 8675309.,
              positiveSign: +1,
              trailingComma: 'in objects', andIn: ['arrays',],
              "backwardsCompatible": "with JSON",
            }
            """#)
        #expect(
            value
                == .object([
                    ("unquoted", .string("and you can quote me on that")),
                    ("singleQuotes", .string("I can use \"double quotes\" here")),
                    ("lineBreaks", .string("Look, Mom! No \\n's!")), ("hexadecimal", .number("912559")),
                    ("leadingDecimalPoint", .number("0.8675309")), ("andTrailing", .number("8675309")),
                    ("positiveSign", .number("1")), ("trailingComma", .string("in objects")),
                    ("andIn", .array([.string("arrays")])), ("backwardsCompatible", .string("with JSON")),
                ]))
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "-0"), ("+0.0", "0.0"), ("5.", "5"), (".5", "0.5"), ("-.5e-3", "-0.5e-3"), ("5.e3", "5e3"),
        ("1E+9", "1E+9"), ("0x0", "0"), ("-0XfF", "-255"), ("+0x10", "16"),
        ("0xffffffffffffffff", "18446744073709551615"),
        ("0x10000000000000000", "1.8446744073709552e+19"), ("Infinity", "Infinity"), ("+Infinity", "Infinity"),
        ("-Infinity", "-Infinity"), ("NaN", "NaN"), ("-NaN", "NaN"),
    ])
    func numbers(text: String, spelling: String) throws {
        #expect(try parse(text) == .number(spelling))
        // What is written is strict JSON, and the same number.
        let written = try parse(text).text
        #expect(throws: Never.self) { try JSONParser.parse(Array(written.utf8)) }
        if let number = Double(spelling), number.isFinite { #expect(Double(written) == number) }
    }

    @Test(arguments: [
        ("'a\"b'", "a\"b"), ("\"a'b\"", "a'b"), (#"'\'\"\\'"#, "'\"\\"),
        (#"'\b\f\n\r\t\v\0'"#, "\u{8}\u{c}\n\r\t\u{b}\0"),
        (#"'\x41\x7f\xe1'"#, "A\u{7f}á"), (#"'Đo\u00e0n \ud83d\ude00'"#, "Đoàn 😀"), (#"'\a\/\ữ\ '"#, "a/ữ "),
        ("'a\\\nb\\\r\nc\\\rd\\\u{2028}e\\\u{2029}f'", "abcdef"), ("'a\tb\u{1}'", "a\tb\u{1}"),
        ("'\u{2028}'", "\u{2028}"),
        ("''", ""), (#"'\0a'"#, "\0a"),
    ])
    func strings(text: String, value: String) throws { #expect(try parse(text) == .string(value)) }

    @Test(arguments: [
        ("a", "a"), ("$_9", "$_9"), ("null", "null"), ("Infinity", "Infinity"), ("giới_hạn", "giới_hạn"),
        ("gio\u{31b}\u{301}i", "gio\u{31b}\u{301}i"), ("名前", "名前"), ("\\u0061b", "ab"), ("a\\u200db", "a\u{200d}b"),
        ("Ⅷ", "Ⅷ"), ("a٣", "a٣"), ("'a b'", "a b"), ("\"\"", ""),
    ])
    func names(text: String, name: String) throws {
        let value = try parse("{\(text): 1}")
        guard case .members(let members) = value else { throw Failed() }
        #expect(members.map { Array($0.name.utf8) } == [Array(name.utf8)])
        // A bare name says the same as one in quotes, and the same with white space around it.
        #expect(try parse("{ /**/ \(text)\u{a0}:\u{feff}1 // \n}") == value)
    }
    private struct Failed: Error {}

    @Test(arguments: [
        "//\n1", "1 // at the end", "/* * / */1/**/", "/**/ 1 //", "// a\r1", "// a\u{2028}1", "/*\n*/1",
        "\u{feff}\u{a0}\u{2003}\u{3000}\u{b}\u{c}\u{2028}\u{2029}1",
    ])
    func whiteSpaceAndComments(text: String) throws { #expect(try parse(text) == .number("1")) }

    @Test(arguments: ["[]", "[1]", "[1,]", "[ [1 ,] , {} ,]", "{}", "{a:1}", "{a:1,}", "{a:{b:[],},}"])
    func trailingCommas(text: String) { #expect(throws: Never.self) { try parse(text) } }

    @Test(arguments: [
        "", "//", "/* ", "/", "/ 1", "1 /", "[,]", "[1,,]", "{,}", "{a:1,,}", "[", "[1", "[1,", "{", "{a", "{a:",
        "{a:1",
        "{a:1,", "{a 1}", "{a:}", "{1a:1}", "{a-b:1}", "{a b:1}", "{:1}", "{\\u0031:1}", "{\\u002d:1}",
        "{\\ud83d\\ude00:1}",
        "{\\x61:1}", "{😀:1}", "{\u{301}a:1}", "'a", "\"a'", "'a\nb'", "'a\rb'", "'\\1'", "'\\01'", "'\\9'", "'\\x4'",
        "'\\xg0'", "'\\u12'", "'\\ud800'", "'\\udc00a'", "01", "-01", "00", "1a", "0x", "0xg", "0x1.5", ".", "+", "-",
        "+.", "- 1", "--1", "+-1", "1e", "1e+", "1.e", ".e1", "1_000", "0b1", "0o7", "infinity", "nan", "Inf", "-Inf",
        "True", "undefined", "abc", "`a`", "1 2", "{} {}", "[1 2]", "{a:1 b:2}", "\u{0}", "\u{1}", "\u{200b}1",
    ])
    func malformed(text: String) { #expect(throws: JSONError.self) { try parse(text) } }

    @Test func whatIsNotUTF8() {
        for bytes in [[0x22, 0xc3, 0x22], [0x7b, 0xff, 0x3a, 0x31, 0x7d], [0xc3], [0xed, 0xa0, 0x80]] as [[UInt8]] {
            #expect(throws: JSONError.self) { try JSONParser.parse(bytes, as: .json5) }
        }
        let error = #expect(throws: JSONError.self) { try JSONDocument(json5: Array("1 // a".utf8) + [0xff]) }
        #expect(error?.message == "not valid UTF-8")
        #expect(error?.offset == 6)
    }

    @Test func depthIsBounded() throws {
        for opening in ["[", "{a:"] {
            #expect(throws: JSONError.self) { try parse(String(repeating: opening, count: 100_000)) }
        }
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try parse(deep) }
        #expect(throws: JSONError.self) { try parse("[\(deep)]") }
    }

    /// All JSON is JSON5, with the same value.
    @Test(arguments: [#"{"a":[1,-2.5e3,true,null,{"đ":"\u00ea\/\n"}],"b":""}"#, "[]", " \"a\" ", "-0.0"])
    func jsonIsJSON5(text: String) throws {
        #expect(try parse(text) == JSONParser.parse(Array(text.utf8)))
    }

    /// A comment or a string may take the rest of the text with it: each would take minutes if that were quadratic.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ("", "/*", 500_000), ("", "/**/", 500_000), ("", "//\n", 500_000), ("{", "ữ", 500_000),
            ("0x", "f", 1_000_000), ("'", "\\\n", 500_000), ("{", "a:1,", 300_000),
        ])
    func hostileText(start: String, part: String, count: Int) {
        #expect(throws: JSONError.self) { try parse(start + String(repeating: part, count: count)) }
    }
}
