// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Glibc
import Synchronization
import Testing

/// The client library with the real service.
@Suite struct ClientTests {
    static func options() -> ClientOptions {
        var options = ClientOptions()
        options.waitsForService = true
        options.reconnectTimeout = .seconds(60)
        options.maxAttempts = 20
        return options
    }

    @Test(.timeLimit(.minutes(10))) func eachMethodDoesWhatItSays() async throws {
        let service = try Service()
        let client = ArticleClient(endpoint: .unix(path: service.socketPath))
        let story = Article(
            url: "https://mic.gov.vn/1", source: "Mic.gov.vn", title: "Cần Thơ", body: "Đẩy mạnh ứng dụng",
            publishedAt: 1_240_000_000_000, language: "vi")
        let created = try await client.put(story, expectedRevision: 0)
        #expect(created.outcome == .created && created.revision == 1)
        #expect(try await client.put(story).outcome == .unchanged)
        let conflict = await #expect(throws: ClientError.self) { try await client.put(story, expectedRevision: 7) }
        #expect(conflict?.status == .conflict)
        let id = try #require(created.id)
        #expect(try await client.get(id: id).body == story.body)
        #expect(try await client.get(url: story.url).id == id)
        #expect(try await client.get(id: id, view: .summary).body.isEmpty)

        let second = try await client.put(Article(source: "VnExpress", title: "Tin"))
        var found: [Result<Article, ClientError>] = []
        let keys = [ArticleKey(id: second.id), ArticleKey(url: "https://nowhere"), ArticleKey(url: story.url)]
        for try await result in client.getMany(keys) { found.append(result) }
        #expect(found.map { (try? $0.get())?.title } == ["Tin", nil, "Cần Thơ"])
        var titles: [String] = []
        for try await listed in client.list() { titles.append(listed.article.title) }
        #expect(titles == ["Tin", "Cần Thơ"])
        titles = []
        for try await listed in client.list(source: "Mic.gov.vn", limit: 5) { titles.append(listed.article.title) }
        #expect(titles == ["Cần Thơ"])

        #expect(try await client.delete(id: id).revision >= 1)
        let missing = await #expect(throws: ClientError.self) { try await client.get(id: id) }
        #expect(missing?.status == .notFound)
        #expect(try await client.ping([1, 2]).payload == [1, 2])
        #expect(try await client.describe().methods.contains { $0.name == "store.putMany" })
        #expect(try await client.health().state == .healthy)
        #expect(try await client.stats().methods.contains { $0.name == "store.put" && $0.count >= 4 })
        await client.close()
    }

    /// From the start, or from a reload on.
    @Test(.timeLimit(.minutes(10)), arguments: [false, true])
    func whatIsStoredIsClassifiedIfTheConfigurationSaysSo(onlyAfterAReload: Bool) async throws {
        // The former name of `classify.newArticles` still works.
        let configuration =
            onlyAfterAReload ? "{plugins: {classify: {newArticles: true}}}" : "{plugins: {store: {classify: true}}}"
        let service = try Service(
            plugins: ["Store", "Fetch", "Classify", "LMDBStorage"],
            configuration: onlyAfterAReload ? "{}" : configuration)
        if onlyAfterAReload {
            try service.reload(configuration)
            while !service.told.contains("reloaded; changed: plugins.classify") {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        let client = ArticleClient(endpoint: .unix(path: service.socketPath))
        let story = Article(
            url: "https://mic.gov.vn/2", title: "Đội tuyển Việt Nam thắng trận chung kết",
            body: "Tiền đạo ghi bàn ở phút 90, huấn luyện viên khen các cầu thủ sau trận đấu bóng đá trên sân Mỹ Đình.")
        #expect(try await client.put(story).revision == 1)
        var topics: [Topic] = []
        while topics.isEmpty {
            try await Task.sleep(for: .milliseconds(100))
            topics = try await client.get(url: story.url).topics
        }
        #expect(topics.first?.slug == "the-thao")
        var listed: [String] = []
        for try await item in client.list(topic: "the-thao") { listed.append(item.article.url) }
        #expect(listed == [story.url])
        await client.close()
    }

    final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        func increment() -> Int { count.add(1, ordering: .relaxed).newValue }
    }

    /// Articles under ids that are known beforehand.
    final class Source: AsyncSequence, Sendable {
        typealias Element = Article
        let ids: [ArticleID]

        init(_ count: Int) { ids = (0..<count).map { _ in ArticleID.generate() } }

        func makeAsyncIterator() -> Iterator { Iterator(source: self) }

        struct Iterator: AsyncIteratorProtocol {
            let source: Source
            var next = 0

            mutating func next() async -> Article? {
                guard next < source.ids.count else { return nil }
                defer { next += 1 }
                return Article(
                    id: source.ids[next], title: "\(next)", body: String(repeating: "Tin tức trong ngày. ", count: 50))
            }
        }
    }

    /// Whatever happens to the service, each article is acknowledged once, and is there.
    @Test(.timeLimit(.minutes(10)), arguments: [SIGKILL, SIGTERM])
    func anUploadOutlivesTheService(signal: Int32) async throws {
        let service = try Service()
        let client = ArticleClient(endpoint: .unix(path: service.socketPath), options: Self.options())
        let source = Source(6000)
        let (milestones, reached) = AsyncStream<Void>.makeStream()
        let restarts = Task { for await _ in milestones.prefix(4) { try service.restart(after: signal) } }
        let seen = try await client.put(contentsOf: source) { outcomes in
            var seen: Set<UInt64> = []
            for try await outcome in outcomes {
                #expect(throws: Never.self) { try outcome.result.get() }
                #expect(seen.insert(outcome.index).inserted)
                if seen.count % 1500 == 750 { reached.yield() }
            }
            return seen.count
        }
        try await restarts.value
        #expect(seen == source.ids.count)
        var titles: [String] = []
        for try await result in client.getMany(source.ids.map { ArticleKey(id: $0) }) {
            titles.append(try result.get().title)
        }
        #expect(titles == source.ids.indices.map(String.init))
        var listed: Set<ArticleID> = []
        for try await item in client.list() { if let id = item.article.id { listed.insert(id) } }
        #expect(listed == Set(source.ids))
        await client.close()
    }

    @Test(.timeLimit(.minutes(10)), arguments: [SIGKILL, SIGTERM])
    func callsOutliveTheService(signal: Int32) async throws {
        let service = try Service()
        let client = ArticleClient(endpoint: .unix(path: service.socketPath), options: Self.options())
        let id = try #require(try await client.put(Article(title: "Tin")).id)
        let calls = Counter()
        let (milestones, reached) = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    for round in 0..<200 {
                        #expect(try await client.get(id: id).title == "Tin")
                        _ = try await client.put(Article(url: "https://x/\(number)/\(round)", title: "\(round)"))
                        if calls.increment() % 300 == 0 { reached.yield() }
                    }
                }
            }
            group.addTask {
                for await _ in milestones.prefix(3) { try service.restart(after: signal) }
            }
            try await group.waitForAll()
        }
        #expect(try await client.stats().storage?.records == 1601)
        await client.close()
    }
}
