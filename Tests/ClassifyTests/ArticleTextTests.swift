// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

@testable import ClassifyHandler

@Suite struct ArticleTextTests {
    private let id = ArticleID.generate()

    private func read(_ content: [UInt8], checksum: UInt32? = nil) throws -> ArticleText {
        let bytes = unsafe content.span.bytes
        let record = StoredRecord(
            id: id, revision: 7, createdAt: 0, storedAt: 0, time: 0,
            contentChecksum: checksum ?? CRC32C.checksum(content), content: bytes, key: RawSpan())
        return try ArticleText.read(record).get()
    }

    private let answer = Classification(
        topics: [
            Topic(slug: "kinh-doanh", score: 0.7, name: "Kinh doanh"),
            Topic(slug: "the-gioi", score: 0.25, name: "Thế giới"),
            Topic(slug: "the-thao", score: 0.05, name: "Thể thao"),
        ], undecided: false, language: "vi", languageConfidence: 1)

    @Test func onlyTopicsChangeAndUnknownFieldsStay() throws {
        var article = Article(url: "https://x.vn/1", title: "Giá vàng", body: "Giá vàng tăng.")
        article.topics = [Topic(slug: "old", score: 1, name: "Old")]
        article.attributes = ["desk": "economy"]
        // Field 30 with the text "later", as from a newer writer.
        let content = article.encoded() + [0xf2, 0x01, 5] + Array("later".utf8)
        let text = try read(content)
        #expect(text.revision == 7)
        #expect(text.parts == ["Giá vàng", "", "Giá vàng tăng."])
        let changed = try text.content(with: answer)
        let decoded = try Article(decoding: changed)
        #expect(decoded.topics.map(\.slug) == ["kinh-doanh", "the-gioi"])
        #expect(decoded.language == "vi")
        var expected = article
        expected.topics = decoded.topics
        expected.language = "vi"
        #expect(decoded == expected)
        #expect(changed.count > 8 && String(decoding: changed, as: UTF8.self).contains("later"))
        // Storing the topics again changes nothing.
        #expect(try read(changed).content(with: answer) == changed)
    }

    @Test func theWritersLanguageStays() throws {
        let text = try read(Article(title: "Gold", language: "en").encoded())
        #expect(try Article(decoding: text.content(with: answer)).language == "en")
    }

    @Test func aDamagedArticleIsNotClassified() throws {
        let content = Article(title: "Giá vàng").encoded()
        let error = #expect(throws: ServiceError.self) {
            try read(content, checksum: CRC32C.checksum(content) ^ 1)
        }
        #expect(error?.code == .dataLoss)
    }
}
