// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Synchronization
import Testing

@Suite struct FetchTests {
    let newsroom: Newsroom

    init() throws { newsroom = try Newsroom() }

    private let article = Article(
        url: "https://mic.gov.vn/1", source: "Mic.gov.vn", title: "Cần Thơ", summary: "s", body: "Một đoạn.",
        author: "PQH", language: "vi", original: Original(head: [1], tail: [2], mediaType: "text/plain"))

    @Test func getsByIdAndByURL() async throws {
        let stored = try await newsroom.put(article)
        for request in [GetRequest(id: stored.id), GetRequest(url: article.url)] {
            var fetched = try await newsroom.get(request)
            #expect(fetched.id == stored.id)
            #expect(fetched.revision == 1)
            #expect(fetched.createdAt == stored.createdAt)
            #expect(fetched.storedAt == stored.storedAt)
            #expect(fetched.contentSize == UInt32(article.encoded().count))
            #expect(fetched.contentChecksum == CRC32C.checksum(article.encoded()))
            fetched.id = nil
            (fetched.revision, fetched.createdAt, fetched.storedAt) = (0, 0, 0)
            (fetched.contentSize, fetched.contentChecksum) = (article.contentSize, article.contentChecksum)
            #expect(fetched == article)
        }
    }

    @Test func aGetIsAnsweredAtOnce() async throws {
        try await newsroom.put(article)
        let request = TestRequest(newsroom.loop, GetRequest(url: article.url).encoded())
        newsroom.fetch.handle("fetch.get", request)
        #expect(request.ends.count == 1)
        #expect(!request.isWatched)
        request.close()
    }

    @Test func summaryLeavesBodyAndOriginalOut() async throws {
        try await newsroom.put(article)
        let fetched = try await newsroom.get(GetRequest(url: article.url, view: .summary))
        #expect(fetched.title == article.title)
        #expect(fetched.body == "")
        #expect(fetched.original == nil)
        #expect(fetched.contentSize == 0)
        #expect(fetched.revision == 1)
    }

    @Test func wrongRequests() async throws {
        let id = ArticleID.generate()
        #expect(await expectFailure(.notFound) { try await newsroom.get(GetRequest(id: id)) }.contains("\(id)"))
        #expect(await expectFailure(.notFound) { try await newsroom.get(GetRequest(url: "x")) }.contains("the URL x"))
        await expectFailure(.invalidArgument) { try await newsroom.get(GetRequest()) }
        await expectFailure(.invalidArgument) { try await newsroom.get(GetRequest(id: id, url: "x")) }
        let short = await newsroom.call(newsroom.fetch, "fetch.get", [0x0a, 2, 1, 2]).end
        #expect(short == .failed(3, "field 1, byte 4: an id has 16 bytes, not 2"))
        guard case .failed(3, _) = await newsroom.call(newsroom.fetch, "fetch.get", [0x18, 9]).end else {
            Issue.record("an unknown view was taken")
            return
        }
    }

    @Test func getManyKeepsTheOrderAndReportsWhatIsMissing() async throws {
        let stored = try await newsroom.put(article)
        let other = ArticleID.generate()
        let items = try await newsroom.getMany(
            GetManyRequest(keys: [
                ArticleKey(id: other), ArticleKey(url: article.url), ArticleKey(), ArticleKey(id: stored.id),
            ]))
        #expect(items.map(\.index) == [0, 1, 2, 3])
        #expect(items.map { $0.status?.code } == [5, nil, 3, nil])
        #expect(items[1].article?.body == article.body)
        #expect(items[3].article?.id == stored.id)
        #expect(try await newsroom.getMany(GetManyRequest()) == [])
    }

    /// Each key is answered as fetch.get would answer it.
    @Test func aWrongKeyAffectsOnlyItsItem() async throws {
        let stored = try #require(try await newsroom.put(article).id)
        let long = String(repeating: "x", count: Limits.url + 1)
        let keys: [[UInt8]] = [
            ArticleKey(id: stored).encoded(),
            [0x0a, 2, 1, 2],  // an id of two bytes
            ArticleKey(id: stored, url: "x").encoded(),
            ArticleKey(url: long).encoded(),
            [0x12, 1, 0xff],  // no UTF-8
            [0x0a, 16, 1],  // cut off
            [0x18, 9] + ArticleKey(url: article.url).encoded(),  // a field of a later version
        ]
        var request = WireWriter()
        for key in keys { request.write(key, at: 1) }
        let (items, end) = await newsroom.call(newsroom.fetch, "fetch.getMany", request.bytes)
        #expect(end == .finished)
        let codes = try items.map { try GetManyItem(decoding: $0).status?.code }
        #expect(codes == [nil, 3, 3, 3, 3, 3, nil])
        for key in keys[1..<6] {
            guard case .failed(3, _) = await newsroom.call(newsroom.fetch, "fetch.get", key).end else {
                Issue.record("\(key) alone")
                continue
            }
        }
        await expectFailure(.invalidArgument) {
            try await newsroom.getMany(GetManyRequest(keys: Array(repeating: ArticleKey(), count: Limits.keys + 1)))
        }
    }

    @Test func getManyContinuesAfterDamage() async throws {
        let damaged = try #require(try await newsroom.put(article).id)
        let whole = try #require(try await newsroom.put(Article(title: "t")).id)
        MemoryEngine.damaged.withLock { _ = $0.insert(damaged) }
        let items = try await newsroom.getMany(
            GetManyRequest(keys: [ArticleKey(id: damaged), ArticleKey(url: article.url), ArticleKey(id: whole)]))
        #expect(items.map { $0.status?.code } == [15, 15, nil])
        #expect(items[0].status?.message.contains("\(damaged)") == true)
        #expect(items[2].article?.id == whole)
        await expectFailure(.dataLoss) { try await newsroom.get(GetRequest(id: damaged)) }
    }

    @Test func getManyWaitsForCredit() async throws {
        let stored = try await newsroom.put(article)
        let keys = [ArticleKey](repeating: ArticleKey(id: stored.id), count: 200)
        let request = TestRequest(newsroom.loop, GetManyRequest(keys: keys).encoded(), credit: 1)
        defer { request.close() }
        newsroom.fetch.handle("fetch.getMany", request)
        newsroom.loop.turn()
        for count in 1..<100 {
            #expect(request.sent.count == count)
            request.grant(1 - request.credit)
            newsroom.loop.turn()
        }
        request.grant(1_000_000)
        #expect(await newsroom.loop.turn { request.ends == [.finished] })
        #expect(request.sent.count == 200)
        #expect(request.violations == [])
    }
}
