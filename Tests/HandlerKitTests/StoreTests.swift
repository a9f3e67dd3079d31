// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

@Suite struct StoreTests {
    let newsroom: Newsroom

    init() throws { newsroom = try Newsroom() }

    @Test func createsUpdatesAndLeavesUnchanged() async throws {
        var article = Article(url: "https://mic.gov.vn/1", title: "Cần Thơ")
        let created = try await newsroom.put(article)
        #expect(created.outcome == .created)
        #expect(created.revision == 1)
        #expect(created.id?.isVersion7 == true)
        let same = try await newsroom.put(article)
        #expect(same.outcome == .unchanged)
        #expect(same.id == created.id)
        #expect(same.revision == 1)
        article.title = "Đà Nẵng"
        let updated = try await newsroom.put(article)
        #expect(updated.outcome == .updated)
        #expect(updated.id == created.id)
        #expect(updated.revision == 2)
        #expect(updated.createdAt == created.createdAt)
    }

    @Test func anIdTakesPrecedenceOverTheURL() async throws {
        let id = ArticleID.generate()
        let created = try await newsroom.put(Article(id: id, url: "https://a/1", title: "a"))
        #expect(created.outcome == .created)
        #expect(created.id == id)
        // The new content replaces everything: the URL is free again.
        let moved = try await newsroom.put(Article(id: id, title: "a"))
        #expect(moved.outcome == .updated)
        let other = try await newsroom.put(Article(url: "https://a/1", title: "b"))
        #expect(other.outcome == .created)
        #expect(other.id != id)
        await expectFailure(.alreadyExists) { try await newsroom.put(Article(id: id, url: "https://a/1", title: "a")) }
    }

    @Test func withoutIdAndURLItIsNew() async throws {
        let first = try await newsroom.put(Article(title: "a"))
        let second = try await newsroom.put(Article(title: "a"))
        #expect(first.id != second.id)
        #expect(second.outcome == .created)
        await expectFailure(.conflict) { try await newsroom.put(Article(title: "a"), expected: 3) }
    }

    @Test func expectedRevisions() async throws {
        let id = ArticleID.generate()
        await expectFailure(.conflict) { try await newsroom.put(Article(id: id, title: "a"), expected: 1) }
        #expect(try await newsroom.put(Article(id: id, title: "a"), expected: 0).outcome == .created)
        await expectFailure(.conflict) { try await newsroom.put(Article(id: id, title: "b"), expected: 0) }
        await expectFailure(.conflict) { try await newsroom.put(Article(id: id, title: "b"), expected: 2) }
        await expectFailure(.conflict) { try await newsroom.put(Article(id: id, title: "b"), expected: .max) }
        #expect(try await newsroom.get(GetRequest(id: id)).title == "a")
        #expect(try await newsroom.put(Article(id: id, title: "b"), expected: 1).revision == 2)
    }

    @Test func refusesInvalidArticles() async throws {
        let noVersion7 = ArticleID(high: 1, low: 2)
        await expectFailure(.invalidArgument) { try await newsroom.put(Article(id: noVersion7, title: "a")) }
        for url in ["mic.gov.vn/1", "https://a b", "https://a\u{7}", ":x", "1http://a", "http:", "/a"] {
            let text = await expectFailure(.invalidArgument) { try await newsroom.put(Article(url: url, title: "a")) }
            #expect(text.hasPrefix("url: "))
        }
        let (_, noArticle) = await newsroom.call(newsroom.store, "store.put", [])
        #expect(noArticle == .failed(3, "article: missing"))
        // A tag with a wrong length.
        guard case .failed(3, _) = await newsroom.call(newsroom.store, "store.put", [0x0a, 0x7f, 1]).end else {
            Issue.record("a length that lies was taken")
            return
        }
    }

    @Test func dropsTheServicesFieldsAndKeepsUnknownOnes() async throws {
        // Fields 1, 4, 33 (set by the service) and 20 (unknown): those of the service are at the front and in the
        // middle.
        let id = ArticleID.generate()
        let article: [UInt8] =
            [0x0a, 16] + id.bytes + [0x22, 1, 0x61] + [0x88, 0x02, 5] + [0xa2, 0x01, 2, 7, 8]
        let request = [0x0a, UInt8(article.count)] + article
        guard case .response = await newsroom.call(newsroom.store, "store.put", request).end else {
            Issue.record("not stored")
            return
        }
        let (_, end) = await newsroom.call(newsroom.fetch, "fetch.get", GetRequest(id: id).encoded())
        guard case .response(let bytes, let checksum?) = end else {
            Issue.record("not fetched")
            return
        }
        #expect(Array(bytes.prefix(8)) == [0x22, 1, 0x61, 0xa2, 0x01, 2, 7, 8])
        #expect(checksum == CRC32C.checksum(bytes))
        let fetched = try Article(decoding: bytes)
        #expect(fetched.contentSize == 8)
        #expect(fetched.contentChecksum == CRC32C.checksum(Array(bytes.prefix(8))))
        #expect(fetched.createdAt != 5)
    }

    @Test func deletes() async throws {
        let created = try await newsroom.put(Article(url: "https://a/1", title: "a"))
        let id = try #require(created.id)
        await expectFailure(.conflict) { try await newsroom.delete(ArticleKey(id: id), expected: 2) }
        let deleted = try await newsroom.delete(ArticleKey(url: "https://a/1"), expected: 1)
        #expect(deleted.id == id)
        #expect(deleted.revision == 1)
        await expectFailure(.notFound) { try await newsroom.get(GetRequest(id: id)) }
        await expectFailure(.notFound) { try await newsroom.delete(ArticleKey(id: id)) }
        await expectFailure(.invalidArgument) { try await newsroom.delete(nil) }
        await expectFailure(.invalidArgument) { try await newsroom.delete(ArticleKey(id: id, url: "https://a/1")) }
    }
}
