// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import HandlerKit
import Synchronization
import Testing

@Suite struct ListTests {
    let newsroom: Newsroom

    init() throws { newsroom = try Newsroom() }

    /// Articles 0 to `count` - 1, published one second apart.
    private func fill(_ count: Int) async throws {
        for index in 0..<count {
            try await newsroom.put(
                Article(
                    source: index % 2 == 0 ? "Báo chẵn" : "Báo lẻ", title: "\(index)",
                    body: String(repeating: "x", count: 40), publishedAt: Int64(index + 1) * 1000,
                    language: index % 5 == 0 ? "VI" : "en",
                    topics: index % 3 == 0 ? [Topic(slug: "kinh-doanh", score: 0.5)] : []))
        }
    }

    private func titles(_ request: ListRequest) async throws -> [Int] {
        try await newsroom.list(request).compactMap { Int($0.article?.title ?? "") }
    }

    @Test func newestFirstInMoreThanOneStep() async throws {
        try await fill(150)
        #expect(try await titles(ListRequest()) == (0..<150).reversed())
        #expect(try await titles(ListRequest(limit: 64)) == (86..<150).reversed())
        #expect(try await titles(ListRequest(limit: 65)) == (85..<150).reversed())
        #expect(try await titles(ListRequest(limit: 1)) == [149])
    }

    @Test(arguments: [View.full, .summary]) func damagedArticlesKeepTheirPosition(view: View) async throws {
        try await fill(3)
        let damaged = try #require(try await newsroom.list(ListRequest())[1].article?.id)
        MemoryEngine.damaged.withLock { _ = $0.insert(damaged) }
        let items = try await newsroom.list(ListRequest(view: view))
        #expect(items.map { $0.article?.title } == ["2", nil, "0"])
        #expect(items.map { $0.status?.code } == [nil, 15, nil])
        #expect(items[1].status?.message.contains("\(damaged)") == true)
        #expect(try await titles(ListRequest(cursor: items[1].cursor)) == [0])
    }

    @Test func filtersTogether() async throws {
        try await fill(60)
        let all = (0..<60).reversed()
        #expect(try await titles(ListRequest(topic: "kinh-doanh")) == all.filter { $0 % 3 == 0 })
        #expect(try await titles(ListRequest(source: "Báo lẻ")) == all.filter { $0 % 2 == 1 })
        #expect(try await titles(ListRequest(language: "vi")) == all.filter { $0 % 5 == 0 })
        #expect(
            try await titles(ListRequest(topic: "kinh-doanh", source: "Báo chẵn", language: "Vi"))
                == all.filter { $0 % 30 == 0 })
        #expect(try await titles(ListRequest(topic: "the-thao")) == [])
        #expect(try await titles(ListRequest(from: 10_000, until: 12_000)) == [10, 9])
        #expect(try await titles(ListRequest(from: 12_000, until: 12_000)) == [])
        #expect(try await titles(ListRequest(from: .min, until: .max, limit: 2)) == [59, 58])
    }

    @Test func cursorsSurviveWritesBetweenPages() async throws {
        try await fill(20)
        let page = try await newsroom.list(ListRequest(limit: 5))
        let cursor = try #require(page.last?.cursor)
        // The article that the cursor came from is deleted, and a newer one is stored.
        _ = try await newsroom.delete(ArticleKey(id: page.last?.article?.id))
        try await newsroom.put(Article(title: "99", publishedAt: 99_000))
        #expect(try await titles(ListRequest(cursor: cursor)) == (0..<15).reversed())
        #expect(try await titles(ListRequest(limit: 1, cursor: page[0].cursor)) == [18])
    }

    @Test func aCursorOfAnotherListIsRefused() async throws {
        try await fill(20)
        let request = ListRequest(topic: "kinh-doanh", source: "Báo chẵn", language: "vi")
        let cursor = try #require(try await newsroom.list(ListRequest()).first?.cursor)
        let filtered = try #require(
            try await newsroom.list(ListRequest(topic: "kinh-doanh", source: "Báo chẵn")).first?.cursor)
        for (other, cursor) in [
            (request, cursor), (ListRequest(topic: "kinh-doanh"), cursor), (ListRequest(source: "kinh-doanh"), cursor),
            (ListRequest(), filtered), (request, filtered), (ListRequest(topic: "kinh-doanh"), filtered),
        ] {
            var other = other
            other.cursor = cursor
            let message = await expectFailure(.invalidArgument) { try await newsroom.list(other) }
            #expect(message.contains("another topic, source or language"))
        }
        // A position means the same within any time bounds and for any page size. The case of a language does not
        // matter.
        #expect(try await titles(ListRequest(from: 5000, until: 9000, limit: 2, cursor: cursor)) == [7, 6])
        let vietnamese = try #require(try await newsroom.list(ListRequest(language: "vi")).first?.cursor)
        #expect(try await titles(ListRequest(language: "VI", cursor: vietnamese)) == [10, 5, 0])
    }

    @Test func damagedCursorsAreRefused() async throws {
        try await fill(1)
        let cursor = try #require(try await newsroom.list(ListRequest()).first?.cursor)
        for index in cursor.indices {
            var damaged = cursor
            damaged[index] ^= 1
            await expectFailure(.invalidArgument) { try await newsroom.list(ListRequest(cursor: damaged)) }
        }
        await expectFailure(.invalidArgument) { try await newsroom.list(ListRequest(cursor: [1])) }
        await expectFailure(.invalidArgument) { try await newsroom.list(ListRequest(cursor: cursor + [0])) }
    }

    @Test func waitsForCreditAndContinuesAfterTheLastItem() async throws {
        try await fill(30)
        let request = TestRequest(newsroom.loop, ListRequest().encoded(), credit: 1)
        defer { request.close() }
        newsroom.fetch.handle("fetch.list", request)
        newsroom.loop.turn()
        for count in 1...30 {
            #expect(request.sent.count == count)
            request.grant(1 - request.credit)
            newsroom.loop.turn()
        }
        #expect(await newsroom.loop.turn { request.ends == [.finished] })
        let titles = try request.sent.map { try ListItem(decoding: $0).article?.title }
        #expect(titles == (0..<30).reversed().map { "\($0)" })
        #expect(request.violations == [])
    }

    @Test func cancelledWhileItWaits() async throws {
        try await fill(3)
        let request = TestRequest(newsroom.loop, ListRequest().encoded(), credit: 1)
        defer { request.close() }
        newsroom.fetch.handle("fetch.list", request)
        newsroom.loop.turn()
        request.cancel(ARTICLED_DEADLINE_EXCEEDED)
        #expect(await newsroom.loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.failed(4, "the deadline has passed")])
        #expect(request.violations == [])
    }

    @Test func summaries() async throws {
        try await fill(2)
        let items = try await newsroom.list(ListRequest(view: .summary))
        #expect(items.count == 2)
        #expect(items.allSatisfy { $0.article?.body == "" && $0.article?.id != nil })
    }

    /// The item of an article that is too large for the client says so, and the list continues.
    @Test func anArticleThatIsTooLargeForTheClientIsSkipped() async throws {
        try await fill(2)
        try await newsroom.put(Article(title: "large", body: String(repeating: "ầ", count: 5000), publishedAt: 1500))
        let request = TestRequest(newsroom.loop, ListRequest().encoded())
        defer { request.close() }
        request.maxBytes = 4096
        newsroom.fetch.handle("fetch.list", request)
        #expect(await newsroom.loop.turn { request.ends == [.finished] })
        let items = try request.sent.map { try ListItem(decoding: $0) }
        #expect(items.map { $0.article?.title } == ["1", nil, "0"])
        #expect(items.map { $0.status?.code } == [nil, StatusCode.resourceExhausted.rawValue, nil])
        #expect(try await titles(ListRequest(cursor: items[1].cursor)) == [0])
    }
}
