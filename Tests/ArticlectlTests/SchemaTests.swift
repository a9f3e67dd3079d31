// SPDX-License-Identifier: Apache-2.0

import ArticleProtocol
import Foundation
import JSONTree
import Testing

@testable import articlectl

/// `.proto` files, and messages as JSON by them.
@Suite struct SchemaTests {
    private static let every = """
        syntax = "proto3";  // the newest
        package test.v1;
        import "articles.proto";
        option java_package = "org.example";
        /* Every kind
           of field. */
        message Every {
          double a_double = 1; float a_float = 2; int32 an_int32 = 3; int64 an_int64 = 4;
          uint32 a_uint32 = 5; uint64 a_uint64 = 6; sint32 a_sint32 = 7; sint64 a_sint64 = 8;
          fixed32 a_fixed32 = 9; fixed64 a_fixed64 = 10; sfixed32 a_sfixed32 = 11; sfixed64 a_sfixed64 = 12;
          bool a_bool = 13; string a_string = 14; bytes some_bytes = 15;
          Colour colour = 16;
          Inner inner = 17;
          repeated int32 numbers = 18;
          repeated int32 loose = 19 [packed = false, deprecated = true];
          repeated string words = 20;
          map<string, Inner> places = 21;
          map<int32, bool> flags = 22;
          optional int32 maybe = 23 [json_name = "perhaps"];
          oneof choice { string left = 24; int64 right = 25; }
          repeated Every more = 26;
          articled.v1.Topic topic = 27;
          repeated Colour colours = 28;
          reserved 30 to 40, 50;
          message Inner { uint32 x = 1; Other.Deep deep = 2; }
          enum Colour { option allow_alias = true; RED = 0; GREEN = 1; BLUE = -2; AZURE = -2 [deprecated = true]; }
        }
        message Other { message Deep { .test.v1.Every.Colour colour = 1; } }
        service Ignored { rpc Get (Every) returns (Every) { option deprecated = true; } }
        """

    private static func schema() throws -> Schema {
        var schema = ArticlesProto.schema
        schema.add(try ProtoParser.parse(every, known: ArticlesProto.schema))
        return schema
    }

    private static func bytes(_ json: String, as type: String = "test.v1.Every") throws -> [UInt8] {
        try MessageEncoder(schema: schema()).encode(JSONParser.parse(Array(json.utf8)), as: type)
    }

    private static func json(_ bytes: [UInt8], as type: String = "test.v1.Every") throws -> String {
        try MessageDecoder(schema: schema()).decode(bytes, as: type).text
    }

    // MARK: Files

    /// What articlectl carries is what the file describes.
    @Test func articlesProtoIsCurrent() throws {
        let path = #filePath.components(separatedBy: "/Tests/")[0] + "/Protocol/articles.proto"
        let file = try ProtoParser.parse(String(contentsOfFile: path, encoding: .utf8))
        #expect(file == ArticlesProto.schema, "see the head of ArticlesProto.swift")
        #expect(file.messages["articled.v1.Article"]?.fields.count == 18)
        #expect(file.enumerations["articled.v1.View"]?.values.map(\.name) == ["VIEW_FULL", "VIEW_SUMMARY"])
    }

    @Test func namesAreFoundFromTheInnermostScopeOutward() throws {
        let schema = try Self.schema()
        let inner = try #require(schema.messages["test.v1.Every.Inner"])
        #expect(inner.field(named: "deep")?.type == .message("test.v1.Other.Deep"))
        let every = try #require(schema.messages["test.v1.Every"])
        #expect(every.field(named: "colour")?.type == .enumeration("test.v1.Every.Colour"))
        #expect(every.field(named: "aDouble")?.number == 1)
        #expect(every.field(named: "perhaps")?.name == "maybe")
        #expect(every.field(named: "numbers")?.cardinality == .repeated(packed: true))
        #expect(every.field(named: "loose")?.cardinality == .repeated(packed: false))
        #expect(every.fields.count == 28)
    }

    @Test(arguments: [
        ("syntax = \"proto2\";", 1, "only \"proto3\""), ("message A {}", 1, "only \"proto3\""),
        ("syntax = \"proto3\";\n\nmessage A {\n  Sting s = 1;\n}\nmessage String {}", 4, "did you mean String?"),
        ("syntax = \"proto3\";\nmessage A { string a = 1; string a = 2; }", 2, "the field a twice"),
        ("syntax = \"proto3\";\nmessage A { string a = 1;\nstring b = 1; }", 3, "the field number 1 twice"),
        ("syntax = \"proto3\";\nmessage A { string a = 0; }", 2, "no field number"),
        ("syntax = \"proto3\";\nmessage A { string a = 536870912; }", 2, "no field number"),
        ("syntax = \"proto3\";\nmessage A { map<float, string> a = 1; }", 2, "cannot be the key"),
        ("syntax = \"proto3\";\nmessage A { string a = 1 }", 2, "\";\" is expected, not \"}\""),
        ("syntax = \"proto3\";\nmessage A { string a = 1;", 2, "a field is expected, not the end of the file"),
        ("syntax = \"proto3\";\n/* no end", 2, "a comment has no end"),
        ("syntax = \"proto3", 1, "a string has no end"), ("syntax = \"proto3\"; option a = {", 1, "ends within"),
    ]) func whatIsWrongIsSaidWithItsLine(text: String, line: Int, message: String) throws {
        let error = #expect(throws: ProtoError.self) { try ProtoParser.parse(text) }
        #expect(error?.line == line)
        #expect(error?.message.contains(message) == true, "\(error as Any)")
    }

    @Test func nestingIsBounded() {
        let open = (0..<200).map { "message M\($0) {" }.joined()
        let close = String(repeating: "}", count: 200)
        #expect(throws: ProtoError.self) { try ProtoParser.parse("syntax = \"proto3\";" + open + close) }
    }

    // MARK: Messages

    /// Each with the bytes that protoc --encode makes of it.
    @Test(arguments: [
        (#"{"aDouble":1.5}"#, "09000000000000f83f"), (#"{"a_float":-2}"#, "15000000c0"),
        (#"{"anInt32":-1}"#, "18ffffffffffffffffff01"),
        (#"{"anInt64":"-9223372036854775808"}"#, "2080808080808080808001"),
        (#"{"aUint32":4294967295}"#, "28ffffffff0f"),
        (#"{"aUint64":"18446744073709551615"}"#, "30ffffffffffffffffff01"),
        (#"{"aSint32":-2147483648}"#, "38ffffffff0f"), (#"{"aSint64":"-1"}"#, "4001"),
        (#"{"aFixed32":1}"#, "4d01000000"), (#"{"aFixed64":"1"}"#, "510100000000000000"),
        (#"{"aSfixed32":-1}"#, "5dffffffff"), (#"{"aSfixed64":"-1"}"#, "61ffffffffffffffff"),
        (#"{"aBool":true}"#, "6801"), (#"{"aString":"ố"}"#, "7203e1bb91"), (#"{"someBytes":"+/8="}"#, "7a02fbff"),
        (#"{"colour":"BLUE"}"#, "8001feffffffffffffffff01"), (#"{"inner":{}}"#, "8a0100"),
        (#"{"inner":{"x":3,"deep":{"colour":"GREEN"}}}"#, "8a0106080312020801"),
        (#"{"numbers":[1,0,300]}"#, "9201040100ac02"),
        (#"{"loose":[1,2]}"#, "980101980102"), (#"{"words":["","a"]}"#, "a20100a2010161"),
        (#"{"places":{"a":{"x":1}}}"#, "aa01070a016112020801"),
        (#"{"flags":{"-1":true}}"#, "b2010d08ffffffffffffffffff011001"),
        (#"{"perhaps":0}"#, "b80100"), (#"{"right":"0"}"#, "c80100"),
        (#"{"more":[{},{"aBool":true}]}"#, "d20100d201026801"),
        (#"{"topic":{"slug":"a","score":0.5}}"#, "da01080a0161150000003f"), (#"{"colours":["GREEN",7]}"#, "e201020107"),
        ("{}", ""),
    ]) func bothWays(json: String, hex: String) throws {
        let bytes = try Self.bytes(json)
        #expect(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == hex)
        let canonical = json.replacingOccurrences(of: "a_float", with: "aFloat")
            .replacingOccurrences(of: ":-2}", with: ":-2.0}")
        #expect(try Self.json(bytes) == canonical)
    }

    @Test(arguments: [
        (#"{"aUint64":18446744073709551615}"#, #"{"aUint64":"18446744073709551615"}"#),
        (#"{"anInt32":"7","aUint32":1e3,"aSint32":-2.0}"#, #"{"anInt32":7,"aUint32":1000,"aSint32":-2}"#),
        (#"{"someBytes":"-_8"}"#, #"{"someBytes":"+/8="}"#),
        (#"{"someBytes":"0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f"}"#, #"{"someBytes":"AZDzoWscfMCYxNwMDAc5jw=="}"#),
        (
            #"{"colour":1,"aDouble":"1.5","aFloat":"-Infinity"}"#,
            #"{"aDouble":1.5,"aFloat":"-Infinity","colour":"GREEN"}"#
        ),
        (#"{"aDouble":"NaN"}"#, #"{"aDouble":"NaN"}"#), (#"{"aDouble":-0.0}"#, #"{"aDouble":-0.0}"#),
        (#"{"anInt32":0,"aString":"","aBool":false,"colour":"RED","words":[],"inner":null}"#, "{}"),
        (#"{"left":null,"right":1}"#, #"{"right":"1"}"#), (#"{"colour":"AZURE"}"#, #"{"colour":"BLUE"}"#),
    ]) func otherForms(json: String, canonical: String) throws {
        #expect(try Self.json(Self.bytes(json)) == canonical)
    }

    @Test(arguments: [
        (#"{"aStrin":""}"#, "aStrin: no such field of test.v1.Every; did you mean aString?"),
        (#"{"inner":{"deep":{"y":1}}}"#, "inner.deep.y: no such field of test.v1.Other.Deep; its fields are colour"),
        (#"{"aString":1}"#, "aString: a string is expected; this is a number"),
        (#"{"more":[{},{"numbers":[1,"x"]}]}"#, "more[1].numbers[1]: a whole number from"),
        (#"{"places":{"a":{"x":-1}}}"#, "places[\"a\"].x: a whole number from 0 to 4294967295 is expected; this is -1"),
        (#"{"anInt32":2147483648}"#, "anInt32: a whole number"), (#"{"anInt32":1.5}"#, "anInt32: a whole number"),
        (#"{"anInt32":"+1"}"#, "anInt32: a whole number"), (#"{"anInt64":1e19}"#, "anInt64: a whole number"),
        (#"{"aFloat":1e39}"#, "aFloat: the number is out of the range"), (#"{"aDouble":1e999}"#, "aDouble: a number"),
        (#"{"aBool":"true"}"#, "aBool: true or false"), (#"{"someBytes":"a!"}"#, "someBytes: bytes in Base64"),
        (#"{"colour":"GRENE"}"#, "colour: test.v1.Every.Colour has no value \"GRENE\"; did you mean GREEN?"),
        (#"{"aString":"","a_string":""}"#, "a_string: it is given twice"),
        (#"{"left":"","right":1}"#, "right: left is given as well"), (#"{"words":"a"}"#, "words: an array"),
        (#"{"words":[null]}"#, "words[0]: a string"), (#"{"flags":{"x":true}}"#, "flags[\"x\"]: a whole number"),
        ("[]", "an object (test.v1.Every) is expected; this is an array"),
    ]) func whatDoesNotFitIsNamedByItsPath(json: String, message: String) throws {
        let error = #expect(throws: MessageError.self) { try Self.bytes(json) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }

    @Test func aMessageIsMergedAsOthersDoIt() throws {
        // inner twice, a scalar twice, both parts of the oneof, an unknown field of each wire type, packed as unpacked.
        let bytes: [UInt8] =
            [0x8a, 1, 2, 8, 1, 0x8a, 1, 4, 0x12, 2, 8, 1, 0x18, 1, 0x18, 2]
            + [0xc8, 1, 5, 0xc2, 1, 1, 0x61] + [0xa0, 0x1f, 1, 0xa1, 0x1f, 1, 2, 3, 4, 5, 6, 7, 8]
            + [0xa2, 0x1f, 1, 9, 0xa5, 0x1f, 1, 2, 3, 4] + [0x90, 1, 7, 0x92, 1, 2, 8, 9]
        #expect(
            try Self.json(bytes)
                == #"{"anInt32":2,"inner":{"x":1,"deep":{"colour":"GREEN"}},"numbers":[7,8,9],"left":"a"}"#)
    }

    @Test(
        arguments: [
            [0x08, 0], [0x09, 0], [0x72, 5, 0x61], [0x72, 1, 0xff], [0x18],
            [0x18] + [UInt8](repeating: 0xff, count: 11),
            [0x00, 0], [0x0b], [0x0f], [0x72, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            [0x8a, 1, 2, 0x0a, 5], [0x92, 1, 1, 0x80], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0],
        ] as [[UInt8]]) func whatIsNoMessageIsAnError(bytes: [UInt8]) throws
    {
        #expect(throws: MessageError.self) { try Self.json(bytes) }
    }

    /// Entries without a key or a value, and a key that comes twice.
    @Test func ofAMapTheLastEntryOfAKeyCounts() throws {
        let bytes: [UInt8] =
            [0xaa, 1, 7, 0x0a, 1, 0x61, 0x12, 2, 8, 1] + [0xaa, 1, 0] + [0xaa, 1, 5, 0x12, 0, 0x0a, 1, 0x61]
        #expect(try Self.json(bytes) == #"{"places":{"a":{},"":{}}}"#)
    }

    @Test func messagesWithinMessagesAreBounded() throws {
        var bytes: [UInt8] = []
        for _ in 0..<100 {
            var length = bytes.count
            var head: [UInt8] = [0xd2, 1]
            while length >= 0x80 {
                head.append(UInt8(length & 0x7f) | 0x80)
                length >>= 7
            }
            bytes = head + [UInt8(length)] + bytes
        }
        #expect(throws: MessageError.self) { try Self.json(bytes) }
    }

    /// What our own messages are encoded as is what the schema says.
    @Test func theSchemaAgreesWithOurOwnMessages() throws {
        var article = Article(title: "Tin", body: "Một\nđoạn")
        article.id = ArticleID("0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f")
        article.publishedAt = -5
        article.topics = [Topic(slug: "kinh-doanh", score: 0.25, name: "Kinh doanh")]
        article.attributes = ["a": "1", "b": ""]
        article.rating = Rating(count: 3, sum: -7)
        let request = PutRequest(article: article, expectedRevision: 0)
        let json = try Self.json(request.encoded(), as: PutRequest.name)
        #expect(json.contains(#""topics":[{"slug":"kinh-doanh","score":0.25,"name":"Kinh doanh"}]"#))
        #expect(json.contains(#""publishedAt":"-5""#))
        #expect(json.contains(#""expectedRevision":"0""#))
        #expect(try PutRequest(decoding: Self.bytes(json, as: PutRequest.name)) == request)
    }
}
