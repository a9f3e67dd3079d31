// SPDX-License-Identifier: Apache-2.0
import JSONTree
import Testing

/// Strict JSON.
@Suite struct JSONTests {
    private func parse(_ text: String) throws(JSONError) -> JSON { try JSONParser.parse(Array(text.utf8)) }

    @Test func values() throws {
        #expect(try parse(" null ") == .null)
        #expect(try parse("[true,false]") == .array([.bool(true), .bool(false)]))
        #expect(try parse("{\"a\" : 1.5e-3, \"b\":[ ]}") == .object([("a", .number("1.5e-3")), ("b", .array([]))]))
        #expect(try parse("{}") == .members([]))
        #expect(try parse("-0") == .number("-0"))
    }

    @Test func strings() throws {
        #expect(try parse(#""Đo\u00e0n \"c\u00f4ng\" \ud83d\ude00\n\/\\""#) == .string("Đoàn \"công\" 😀\n/\\"))
        #expect(try parse("\"\"") == .string(""))
        #expect(try parse(#""\t\b\f\r""#) == .string("\t\u{8}\u{c}\r"))
        // Text keeps its normal form.
        guard case .string(let text) = try parse("\"Ca\u{302}\u{300}n\"") else {
            Issue.record("not a string")
            return
        }
        #expect(Array(text.utf8) == Array("Ca\u{302}\u{300}n".utf8))
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "01", "1.", ".5", "+1", "-", "1e", "nul",
        "truefalse", "\"a", "\"\\x\"",
        "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "1 2", "[1 2]", "NaN", "'a'",
    ]) func malformed(_ text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test func invalidUTF8() {
        #expect(throws: JSONError.self) { try JSONParser.parse([0x22, 0xc3, 0x22]) }
    }

    @Test func depthIsBounded() throws {
        #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 100_000)) }
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try parse(deep) }
    }

    /// A place that is about a bracket or a quote that is never closed is where it was opened.
    @Test(arguments: [
        ("{\"a\": x}", 1, 7, "expected a value; a string needs quotes"), ("{\n\"ữ\" 1}", 2, 5, "expected \":\" after"),
        ("[1,\r\n 2 3]", 2, 4, "expected \",\" or \"]\" after an element"), ("[1] 2", 1, 5, "unexpected text"),
        ("{\"a\": 1, b}", 1, 10, "a member's name in double quotes"),
        (" {\"a\":\n", 1, 2, "this \"{\" is never closed"),
        ("[[1]\n", 1, 1, "this \"[\" is never closed"), ("[\n\"abc", 2, 1, "this string is never closed"),
        ("[\"\\x41\"]", 1, 4, "unknown escape"), ("[01]", 1, 2, "a number cannot begin with 0"),
    ])
    func errorsTellWhere(text: String, line: Int, column: Int, message: String) throws {
        let error = try #require(throws: JSONError.self) { try parse(text) }
        #expect(error.message.contains(message), "\(error)")
        #expect(error.place.line == line && error.place.column == column, "\(error)")
        #expect("\(error)".hasPrefix("invalid JSON at line \(line), column \(column): "))
    }

    @Test func everyPrefixAndEveryFlippedBitIsAnswered() {
        let text = Array(#"{"id":"x\u00e0\n","n":[1,-2.5e3,true,null,{"đ":"ê"}]}"#.utf8)
        for end in text.indices { #expect(throws: JSONError.self) { try JSONParser.parse(Array(text[..<end])) } }
        for index in text.indices {
            for bit in 0..<8 {
                var damaged = text
                damaged[index] ^= 1 << UInt8(bit)
                _ = try? JSONParser.parse(damaged)
            }
        }
    }

    @Test func writing() throws {
        let value = JSON.object([
            ("a", .string("\"\\\n\u{1b}\u{9b}\u{202e}đ😀")), ("b", .array([.integer(1), .float(0.5 as Float), .null])),
        ])
        #expect(value.text == #"{"a":"\"\\\n\u001b\u009b\u202eđ😀","b":[1,0.5,null]}"#)
        #expect(try parse(value.text) == value)
        #expect(JSON.float(Double.infinity) == .null)
        #expect(JSON.array([.number("NaN"), .number("-Infinity")]).text == "[null,null]")
        #expect(
            JSON.object([("b", .null), ("a", .object([("d", .null), ("c", .null)]))]).sorted.text
                == #"{"a":{"c":null,"d":null},"b":null}"#)
    }

    @Test func severalValues() throws {
        var parser = JSONParser(Array("{} [1]\n2".utf8))
        var count = 0
        while try parser.next() != nil { count += 1 }
        #expect(count == 3)
    }

    @Test func numbers() {
        #expect(JSON.number("5.0").whole(UInt8.self) == 5)
        #expect(JSON.number("256").whole(UInt8.self) == nil)
        #expect(JSON.number("1.5").whole(Int.self) == nil)
        #expect(JSON.number("1e300").whole(Int.self) == nil)
        #expect(JSON.number("18446744073709551615").whole(UInt64.self) == .max)
        #expect(JSON.string("5").whole(Int.self) == nil)
        #expect(JSON.number("1e400").isFinite == false)
    }

    /// Time in proportion to the bytes, whatever they are: each of these would take minutes if it were quadratic.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ("\"", "\\u0041", 200_000, ""), ("", "[1,", 400_000, ""), ("[", "\"\\n\",", 300_000, ""),
            ("{", "\"a\":1,", 300_000, ""), ("", "1", 2_000_000, "x"), ("", "\n", 2_000_000, "x"),
        ])
    func hostileText(start: String, part: String, count: Int, end: String) {
        let text = start + String(repeating: part, count: count) + end
        for syntax in [JSONParser.Syntax.json, .json5] {
            #expect(throws: JSONError.self) { try JSONParser.parse(Array(text.utf8), as: syntax) }
        }
    }
}
