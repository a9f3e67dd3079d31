// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import ArticleText
import JSONTree
import Testing

@testable import articlectl

@Suite struct RecordTests {
    private func record(_ json: String, map: [String] = []) throws -> RecordMapping.Result {
        try RecordMapping(map).article(from: JSONParser.parse(Array(json.utf8)))
    }

    @Test func anArticleSurvivesExportAndImport() throws {
        let article = Article(
            id: ArticleID.generate(), url: "https://mic.gov.vn/1", source: "Mic.gov.vn", title: "Tựa \u{1b} đề",
            summary: "Tóm tắt",
            body: NormalForm.nfd("Đoạn một\r\n\r\nĐoạn hai"), author: "PQH", publishedAt: 1_245_036_000_123,
            language: "vi",
            topics: [Topic(slug: "kinh-doanh", score: 0.1, name: "Kinh doanh"), Topic(slug: "x", score: 1)],
            attributes: ["a": "1", "external_id": "x/1", "đ": "\"\\"], rating: Rating(count: 3, sum: -4),
            original: Original(head: [0xef, 0xbb, 0xbf, 0x0a], tail: [0x0d, 0x00], mediaType: "text/plain"),
            revision: 7,
            createdAt: 1, storedAt: 2, contentChecksum: 3, contentSize: 4)
        let back = try record(article.json().text).article
        var expected = article
        (expected.revision, expected.createdAt, expected.storedAt, expected.contentChecksum, expected.contentSize) = (
            0, 0, 0, nil, 0
        )
        #expect(back == expected)
        #expect(Array(back.body.utf8) == Array(article.body.utf8))
        #expect(back.encoded() == expected.encoded())
    }

    @Test func theEmptiestArticlesSurvive() throws {
        for article in [
            Article(id: ArticleID.generate(), title: "t"),
            Article(id: ArticleID.generate(), body: "b", rating: Rating()),
            Article(id: ArticleID.generate(), original: Original()), Article(id: ArticleID.generate(), publishedAt: -1),
        ] {
            #expect(try record(article.json().text).article == article)
        }
    }

    @Test func otherPeoplesNames() throws {
        let result = try record(
            #"{"id":"Train/x (1).txt","label":"Chính trị - Xã hội","text":"Một đoạn.","date":"2009-06-15","views":12,"x":{"y":[1]},"z":null}"#
        )
        #expect(result.externalID == "Train/x (1).txt")
        #expect(result.article.id == nil)
        #expect(result.article.body == "Một đoạn.")
        #expect(result.article.topics == [Topic(slug: "chinh-tri-xa-hoi", score: 1, name: "Chính trị - Xã hội")])
        #expect(result.article.publishedAt == 1_245_024_000_000)
        #expect(result.article.attributes == ["external_id": "Train/x (1).txt", "views": "12", "x": #"{"y":[1]}"#])
    }

    @Test func mappedNames() throws {
        let result = try record(
            #"{"so":7,"noi_dung":"Thân","meta":{"tieu_de":"Tựa","n":1},"body":"khác"}"#,
            map: ["body=noi_dung", "title=meta.tieu_de", "id=so"])
        #expect(result.article.body == "Thân")
        #expect(result.article.title == "Tựa")
        #expect(result.externalID == "7")
        #expect(result.article.attributes["body"] == "khác")
        #expect(result.article.attributes["meta"] == #"{"tieu_de":"Tựa","n":1}"#)
        let missing = try record(#"{"title":"t","content":"x"}"#, map: ["body=noi_dung"])
        #expect(missing.notes.map(\.message) == ["--map body=noi_dung: it has no such member"])
        #expect(missing.article.attributes == ["content": "x"])
        #expect(throws: CommandFailure.self) { try RecordMapping(["bodi=x"]) }
        #expect(throws: CommandFailure.self) { try RecordMapping(["body"]) }
    }

    @Test(arguments: [
        "[]", "7", "{}", #"{"id":"x"}"#, #"{"body":{}}"#, #"{"title":" ","body":"\u200b\u00a0"}"#,
        #"{"title":"t","body":{"p":1}}"#,
    ]) func noArticles(_ json: String) {
        #expect(throws: RecordError.self) { try record(json) }
    }

    @Test func times() {
        func parse(_ text: String) -> Int64? { TimeText.parse(text, zone: .utc) }
        #expect(parse("1970-01-01") == 0)
        #expect(parse("2009-06-15T10:20:00+07:00") == 1_245_036_000_000)
        #expect(parse("2009-06-15T10:20:00+0700") == 1_245_036_000_000)
        #expect(parse("2009-06-15 03:20") == 1_245_036_000_000)
        #expect(parse("2009-06-15T03:20:00.1239Z") == 1_245_036_000_123)
        for wrong in [
            "", "2009", "2009-13-01", "2009-06-31", "2009-06-15T", "2009-06-15T25:00", "2009-06-15Z",
            "2009-06-15T03:20:00.Z", "x",
        ] {
            #expect(parse(wrong) == nil, "\(wrong)")
        }
        for time in [0, -1, 1_245_036_000_123, -62_135_596_800_000, 253_402_300_799_999] as [Int64] {
            #expect(parse(TimeText.rfc3339(time)) == time)
        }
        // What a service tells may be anything.
        for time in [Int64.min, .min + 1, .max] {
            #expect(
                !TimeText.rfc3339(time).isEmpty && !TimeText.local(time).isEmpty && !TimeText.localDay(time).isEmpty)
        }
        #expect(TimeText.parseOption("7d", now: 1_000_000_000_000) == 999_395_200_000)
        #expect(TimeText.parseOption("-7d", now: 0) == nil)
        #expect(TimeText.parseOption("2009-06-15T10:20+07:00") == 1_245_036_000_000)
    }

    @Test func base64() {
        for (bytes, text) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ] {
            #expect(Base64.encode(Array(bytes.utf8)) == text)
            #expect(Base64.decode(text) == Array(bytes.utf8))
        }
        #expect(Base64.decode("Zg") == [0x66])
        for wrong in ["Z", "Zg=", "Z===", "Zh==", "Zm 9", "Zm9-"] { #expect(Base64.decode(wrong) == nil, "\(wrong)") }
    }

    @Test func digests() {
        func hex(_ text: String) -> String {
            SHA256.digest(Array(text.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        #expect(hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    }

    @Test func derivedIDs() {
        let article = Article(title: "a", attributes: ["x": "1", "y": "2", "z": "3"])
        let id = DerivedID.content(article)
        #expect(id.isVersion7)
        #expect(DerivedID.content(article) == id)
        #expect(DerivedID.content(Article(title: "b")) != id)
        #expect(DerivedID.named("1", in: "a") != DerivedID.named("1", in: "b"))
        #expect(DerivedID.named("1", in: "a") == DerivedID.named("1", in: "a"))
    }

    @Test(
        "An id that stands for content begins with the time of publication",
        arguments: [
            (1_245_036_000_123, 1_245_036_000_123), (1, 1), (1 << 48 - 1, 1 << 48 - 1), (0, 0), (-1, 0), (.min, 0),
            (1 << 48, 0), (.max, 0),
        ] as [(Int64, Int64)]) func timesOfDerivedIDs(publishedAt: Int64, expected: Int64)
    {
        let id = DerivedID.content(Article(title: "a", publishedAt: publishedAt))
        #expect(id.milliseconds == expected)
        #expect(id.isVersion7)
        #expect(DerivedID.content(Article(title: "a", publishedAt: publishedAt)) == id)
        #expect(DerivedID.content(Article(title: "b", publishedAt: publishedAt)) != id)
    }

    @Test func textsAndTopicsOfARecordStayAsTheyAre() throws {
        let source = NormalForm.nfd("Bộ Thông tin")
        let topics = [Topic(slug: "x", score: 0.5), Topic(slug: "x", score: 1, name: "X")]
        let article = Article(id: ArticleID.generate(), source: source, topics: topics)
        let back = try record(article.json().text).article
        #expect(Array(back.source.utf8) == Array(source.utf8))
        #expect(back.topics == topics)
        // Other people's labels are spelt now so, now so.
        #expect(try record(#"{"body":"b","label":["Thể thao","thể thao"]}"#).article.topics.count == 1)
    }

    @Test(arguments: [
        ("title", #"{"title":"a","body":"b","title":"c"}"#), ("k", #"{"title":"a","attributes":{"k":"1","k":"2"}}"#),
        ("slug", #"{"title":"a","topics":[{"slug":"x","slug":"y"}]}"#), ("é", #"{"title":"a","é":1,"e\u0301":2}"#),
    ]) func aMemberTwice(_ name: String, _ json: String) {
        let error = #expect(throws: RecordError.self) { try record(json) }
        #expect(error?.message.hasPrefix("it has the member \"\(name)\" twice") == true)
    }
}
