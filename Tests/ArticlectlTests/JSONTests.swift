import Testing

@testable import articlectl

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
            throw JSONError(offset: 0, message: "")
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

    @Test func errorsTellWhere() {
        do throws(JSONError) {
            _ = try parse("{\"a\": x}")
        } catch {
            #expect(error.offset == 6)
            #expect("\(error)".contains("byte 7"))
        }
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
    }

    @Test func severalValues() throws {
        var parser = JSONParser(Array("{} [1]\n2".utf8))
        var count = 0
        while try parser.next() != nil { count += 1 }
        #expect(count == 3)
    }
}
