// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@Suite struct ArticleContentTests {
    private func check(_ bytes: [UInt8]) throws(ServiceError) -> ArticleContent {
        try ArticleContent(validating: bytes.raw)
    }

    private func text(_ bytes: [UInt8], _ range: Range<Int>?) -> String? {
        range.map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    private let article = Article(
        id: ArticleID("0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f"), url: "https://mic.gov.vn/1", source: "Mic.gov.vn",
        title: "Một", body: "Đoạn", publishedAt: 1_254_355_200_000, language: "vi",
        topics: [Topic(slug: "a", score: 1), Topic(slug: "kinh-doanh", name: "Kinh doanh")], attributes: ["khóa": "b"],
        rating: Rating(count: 1, sum: 5), original: Original(head: [1], mediaType: "text/plain"))

    @Test func findsWhatIndexesNeed() throws {
        let bytes = article.encoded()
        let content = try check(bytes)
        #expect(content.id == article.id)
        #expect(content.publishedAt == article.publishedAt)
        #expect(text(bytes, content.url) == article.url)
        #expect(text(bytes, content.source) == article.source)
        #expect(text(bytes, content.language) == article.language)
        #expect(content.topics.map { text(bytes, $0) } == ["a", "kinh-doanh"])
        #expect(content.serviceFields == [0..<18])
    }

    @Test func theLastOfSeveralValuesCounts() throws {
        let bytes = Article(url: "a", source: "b").encoded() + Article(url: "c").encoded() + [0x1a, 0]
        let content = try check(bytes)
        #expect(text(bytes, content.url) == "c")
        #expect(content.source == nil)
    }

    @Test func anArticleThatWasFetchedMayBePutBack() throws {
        // With field 31, which the schema does not have.
        let writers = Article(url: "https://mic.gov.vn/1", title: "Một").encoded() + [0xf8, 0x01, 7]
        let trailer = bytes(
            of: ArticleTrailer(
                id: .generate(), revision: .max, createdAt: .min, storedAt: .max, contentChecksum: .max,
                contentSize: .max))
        #expect(trailer.count <= ArticleTrailer.capacity)
        let fetched = writers + trailer
        let content = try check(fetched)
        #expect(content.serviceFields == [writers.count..<fetched.count])
        let kept = content.content(of: fetched.raw)
        #expect(kept == writers)
        #expect(try Article(decoding: fetched).revision == .max)
        #expect(try Article(decoding: fetched).createdAt == .min)
    }

    @Test func serviceFieldsInTheMiddleAreCutOut() throws {
        let bytes: [UInt8] = [0x12, 1, 0x61, 0x80, 0x02, 9, 0x22, 1, 0x62, 0xa0, 0x02, 1]
        let kept = try check(bytes).content(of: bytes.raw)
        #expect(kept == [0x12, 1, 0x61, 0x22, 1, 0x62])
    }

    @Test func scatteredServiceFieldsAreBounded() {
        let bytes = (0..<Limits.serviceFieldRuns + 1).flatMap { _ in [0x80, 0x02, 9, 0x22, 0] as [UInt8] }
        expect(.invalidArgument, "scattered") { () throws(ServiceError) in _ = try check(bytes) }
    }

    @Test func summaryLeavesOutBodyAndOriginal() throws {
        let bytes = article.encoded() + [0xf8, 0x01, 7]
        var expected = article
        expected.body = ""
        expected.original = nil
        let summary = try ArticleContent.summary(of: bytes.raw)
        #expect(try Article(decoding: summary) == expected)
        #expect(summary.suffix(3) == [0xf8, 0x01, 7])
    }

    @Test func atEveryOffset() throws {
        for offset in 1..<9 {
            let bytes = [UInt8](repeating: 0xff, count: offset) + article.encoded()
            let content = try ArticleContent(validating: bytes.raw.extracting(droppingFirst: offset))
            #expect(try content == check(article.encoded()))
        }
    }

    @Test func sizesAreBounded() {
        let cases: [(String, Article)] = [
            ("url", Article(url: String(repeating: "a", count: Limits.url + 1))),
            ("source", Article(source: String(repeating: "a", count: Limits.source + 1))),
            ("title", Article(title: String(repeating: "a", count: Limits.title + 1))),
            ("summary", Article(summary: String(repeating: "a", count: Limits.summary + 1))),
            ("body", Article(body: String(repeating: "a", count: Limits.body + 1))),
            ("author", Article(author: String(repeating: "a", count: Limits.author + 1))),
            ("language", Article(language: String(repeating: "a", count: Limits.language + 1))),
            ("topics.slug", Article(topics: [Topic(slug: String(repeating: "a", count: Limits.slug + 1))])),
            (
                "topics.name",
                Article(topics: [Topic(slug: "a", name: String(repeating: "a", count: Limits.topicName + 1))])
            ),
            ("attributes.key", Article(attributes: [String(repeating: "a", count: Limits.attributeKey + 1): ""])),
            ("attributes.value", Article(attributes: ["": String(repeating: "a", count: Limits.attributeValue + 1)])),
            (
                "attributes",
                Article(attributes: Dictionary(uniqueKeysWithValues: (0...Limits.attributes).map { ("\($0)", "") }))
            ),
            ("original", Article(original: Original(head: [UInt8](repeating: 0, count: Limits.original + 1)))),
            (
                "original.media_type",
                Article(original: Original(mediaType: String(repeating: "a", count: Limits.mediaType + 1)))
            ),
        ]
        for (name, article) in cases {
            expect(.invalidArgument, name) { () throws(ServiceError) in _ = try check(article.encoded()) }
        }
        let large =
            Article(body: String(repeating: "a", count: Limits.body)).encoded() + [0xfa, 0x01, 0x80, 0x80, 0x80, 2]
        expect(.invalidArgument, "the article has") { () throws(ServiceError) in
            _ = try check(large + [UInt8](repeating: 0, count: 4 << 20))
        }
    }

    @Test func theLargestValuesPass() throws {
        let article = Article(
            url: String(repeating: "a", count: Limits.url), title: String(repeating: "a", count: Limits.title),
            body: String(repeating: "a", count: Limits.body),
            publishedAt: Limits.times.upperBound,
            topics: [Topic](
                repeating: Topic(slug: String(repeating: "z", count: Limits.slug), score: 1), count: Limits.topics))
        #expect(try check(article.encoded()).topics.count == Limits.topics)
    }

    @Test func theServicesFieldsDoNotCountInTheWhole() throws {
        let largest = Self.article(of: Limits.article)
        let body = largest.encoded()
        #expect(body.count == Limits.article)
        let id = try #require(ArticleID("0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f"))
        let added = Article(
            id: id, revision: 7, createdAt: 1, storedAt: 2, contentChecksum: 3, contentSize: UInt32(body.count))
        #expect(try check(body + added.encoded()).content(of: (body + added.encoded()).raw) == body)
        #expect(try check(Article(id: id).encoded() + body).id == id)
        let larger = Self.article(of: Limits.article + 1).encoded()
        expect(.invalidArgument, "at most \(Limits.article)") { () throws(ServiceError) in _ = try check(larger) }
    }

    /// An article of so many bytes when it is encoded, more than 8 MiB.
    private static func article(of size: Int) -> Article {
        var article = Article(body: String(repeating: "a", count: Limits.body))
        var number = 100
        while true {
            let left = size - article.encoded().count
            if left == 0 { return article }
            // Key, lengths and tags of an entry are 12 bytes where it has 128 to 16,383 with its value.
            let next = left > 80_000 ? 60_000 : left > 16_000 ? 12_000 : left - 12
            article.attributes["k\(number)"] = String(repeating: "b", count: next)
            number += 1
        }
    }
}
