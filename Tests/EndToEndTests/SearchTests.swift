// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Glibc
import Testing

/// Searching in the real service, with the client library and with articlectl.
@Suite(.serialized) struct SearchTests {
    private static let plugins = ["Store", "Fetch", "Changes", "Search", "LMDBStorage"]

    private static func client(_ service: Service) -> ArticleClient {
        ArticleClient(endpoint: .unix(path: service.socketPath), options: ClientTests.options())
    }

    /// Searches until there are that many hits.
    private static func wait(
        _ client: ArticleClient, _ query: String, _ total: UInt64
    ) async throws -> SearchResult {
        while true {
            let result = try await client.search(query, limit: 100)
            if result.total == total, !result.incomplete { return result }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test(.timeLimit(.minutes(5))) func whatIsStoredIsFoundAndHighlighted() async throws {
        let service = try Service(plugins: Self.plugins)
        let client = Self.client(service)
        let stored = try await client.put(
            Article(
                url: "https://a.vn/1", source: "Mic.gov.vn", title: "Lũ lụt ở miền Trung",
                body: "Hàng nghìn hộ dân bị ngập.", publishedAt: 1_714_521_600_000, language: "vi",
                topics: [Topic(slug: "thoi-su", score: 1, name: "Thời sự")]))
        _ = try await client.put(Article(title: "Dương lịch", body: "không có gì"))
        let result = try await Self.wait(client, "lu lut", 1)
        let hit = try #require(result.hits.first)
        #expect(hit.id == stored.id && hit.score > 0 && hit.time == 1_714_521_600_000)
        #expect(hit.source == "Mic.gov.vn" && hit.topics == ["thoi-su"] && hit.url == "https://a.vn/1")
        #expect(hit.title?.text == "Lũ lụt ở miền Trung")
        #expect(hit.title?.marks == [TextRange(start: 0, end: 3), TextRange(start: 4, end: 9)])
        #expect(hit.snippet?.text == "Hàng nghìn hộ dân bị ngập." && hit.article == nil)
        // Filters, facets, and the article with its checksum.
        let whole = try await client.search(
            "", topic: "thoi-su", source: "Mic.gov.vn", language: "VI", from: 0, until: 1_714_521_600_001, facets: true,
            articles: true)
        #expect(whole.total == 1 && whole.hits.first?.article?.title == "Lũ lụt ở miền Trung")
        #expect(whole.hits.first?.article?.revision == 1)
        #expect(whole.facets.contains(SearchFacetCount(facet: .month, value: "2024-05", count: 1)))
        #expect(try await client.search("duong").total == 1)
        let notes = try await client.search("\"lũ").notes
        #expect(notes.count == 1)
        let status = try await client.searchStatus()
        #expect(status.complete && status.articles == 2 && status.stored == 2 && status.problem.isEmpty)
        // A deletion.
        let id = try #require(stored.id)
        _ = try await client.delete(id: id)
        _ = try await Self.wait(client, "lu lut", 0)
        await client.close()
    }

    @Test(.timeLimit(.minutes(5))) func pagesStayStableWhileArticlesCome() async throws {
        let service = try Service(plugins: Self.plugins)
        let client = Self.client(service)
        for number in 0..<25 { _ = try await client.put(Article(title: "Tin \(number)", body: "lũ")) }
        _ = try await Self.wait(client, "lũ", 25)
        for order in [SearchOrder.relevance, .newest, .oldest] {
            var request = SearchRequest(query: "lũ", order: order, limit: 10)
            var ids: [ArticleID] = []
            var pages = 0
            let before = try await client.search("lũ").total
            repeat {
                let page = try await client.search(request)
                ids += page.hits.compactMap(\.id)
                request.cursor = page.cursor
                pages += 1
                let added = try await client.put(Article(title: "Tin mới", body: "lũ"))
                if pages == 1 { _ = try await Self.wait(client, "lũ", before + 1) }
                #expect(added.outcome == .created)
            } while !request.cursor.isEmpty
            #expect(Set(ids).count == ids.count && ids.count == Int(before), "\(order)")
            // Those of this order are found before the next one begins.
            _ = try await Self.wait(client, "lũ", before + UInt64(pages))
        }
        await #expect(throws: ClientError.self) {
            try await client.search(SearchRequest(query: "x", cursor: [1, 2, 3]))
        }
        await #expect(throws: ClientError.self) { try await client.search(SearchRequest(query: "x", limit: 101)) }
        await client.close()
    }

    private static let kills = unsafe getenv("ARTICLED_SEARCH_KILLS").flatMap { unsafe Int(String(cString: $0)) } ?? 6

    /// Killed at any moment of indexing, committing and merging: the index equals the store each time.
    @Test(.timeLimit(.minutes(60))) func killsCostTheIndexNothing() async throws {
        let service = try Service(
            plugins: Self.plugins,
            configuration: "{ plugins: { search: { commitSeconds: 0.1, bufferMegabytes: 1 } } }")
        let client = Self.client(service)
        /// By URL: the word that the article has now; nil if it was deleted.
        var words: [String: String?] = [:]
        var doubtful: Set<String> = []
        for round in 0..<Self.kills {
            let changes = Task { [words] in
                var words = words
                var doubtful: Set<String> = []
                for number in 0... {
                    let url = "https://a.vn/\(Int.random(in: 0..<400))"
                    let word = "tu\(round)x\(number)"
                    do throws(ClientError) {
                        if number % 10 == 9, let known = words[url], known != nil {
                            _ = try await client.delete(url: url)
                            words[url] = .some(nil)
                        } else {
                            _ = try await client.put(
                                Article(
                                    url: url, title: "Tin \(word)",
                                    body: String(repeating: "lũ lụt \(word) ", count: 50)))
                            words[url] = word
                        }
                    } catch {
                        if error.status == .notFound { continue }  // the deletion of a doubtful one
                        doubtful.insert(url)
                        return (words, doubtful)
                    }
                }
                return (words, doubtful)
            }
            try await Task.sleep(for: .milliseconds(.random(in: 0...1500)))
            try service.restart(after: SIGKILL)
            changes.cancel()
            let outcome = await changes.value
            words = outcome.0
            doubtful.formUnion(outcome.1)
            // Changes come in order: once the last one is there, all are.
            _ = try await client.put(Article(url: "https://a.vn/last", title: "Cuối\(round)"))
            _ = try await Self.wait(client, "title:Cuối\(round)", 1)
            let storage = try await client.stats().storage
            #expect(try await client.search("").total == storage?.records)
            for (url, word) in words.shuffled().prefix(20) where !doubtful.contains(url) {
                guard let word else { continue }
                let hits = try await client.search("title:\(word)").hits
                #expect(hits.map(\.url) == [url], "round \(round): \(word)")
            }
            #expect(try await client.searchStatus().problem.isEmpty)
        }
        // All that is stored, and each once.
        let live = words.filter { $0.value != nil && !doubtful.contains($0.key) }
        var request = SearchRequest(query: "lut", order: .oldest, limit: 100)
        var found: [String] = []
        repeat {
            let page = try await client.search(request)
            found += page.hits.map(\.url)
            request.cursor = page.cursor
        } while !request.cursor.isEmpty
        #expect(Set(found).count == found.count)
        #expect(Set(found).subtracting(doubtful) == Set(live.keys))
        #expect(!live.isEmpty)
        #expect(!service.told.contains("is made anew"), "\(service.told.suffix(2000))")
        await client.close()
    }

    /// Killed while it indexes: the index equals the store once it has caught up.
    @Test(.timeLimit(.minutes(10)), arguments: [SIGKILL, SIGTERM])
    func theIndexEqualsTheStoreAfterRestarts(signal: Int32) async throws {
        let service = try Service(plugins: Self.plugins)
        let client = Self.client(service)
        var count: UInt64 = 0
        for round in 0..<4 {
            for number in 0..<60 {
                _ = try await client.put(Article(url: "https://a.vn/\(round)/\(number)", title: "Tin", body: "lũ lụt"))
                count += 1
            }
            try service.restart(after: signal)
        }
        #expect(try await Self.wait(client, "lũ", count).total == count)
        #expect(try await client.searchStatus().articles == count)
        await client.close()
    }

    @Test(.timeLimit(.minutes(5))) func whatIsMeantAndWhatIsRelated() async throws {
        let service = try Service(plugins: Self.plugins)
        let client = Self.client(service)
        var ids: [ArticleID] = []
        for number in 1...12 {
            let stored = try await client.put(
                Article(
                    url: "https://a.vn/\(number)", title: "Bóng đá Việt Nam thắng trận thứ \(number)",
                    body: "Đội tuyển bóng đá ghi bàn ở sân Mỹ Đình, cầu thủ và huấn luyện viên ăn mừng."))
            ids.append(try #require(stored.id))
        }
        for number in 13...40 {
            _ = try await client.put(
                Article(
                    url: "https://a.vn/\(number)", title: "Giá xăng dầu ngày \(number)",
                    body: "Thị trường năng lượng biến động, giá dầu thô tăng."))
        }
        _ = try await Self.wait(client, "", 40)
        #expect(try await client.search("bómg đá").didYouMean == "bóng đá")
        #expect(try await client.search("Bomg da").didYouMean == "Bong da")
        #expect(try await client.search("xăngg dầu").didYouMean == "xăng dầu")
        #expect(try await client.search("bóng đá").didYouMean.isEmpty)
        #expect(try await client.search("\"bómg\"").didYouMean.isEmpty)
        let suggestions = try await client.suggestions(for: "bong d").suggestions
        #expect(suggestions.first?.hasPrefix("Bóng đá") == true, "\(suggestions)")
        #expect(try await client.suggestions(for: "xăng", limit: 1).suggestions.first?.hasPrefix("xăng dầu") == true)
        #expect(try await client.suggestions(for: "").suggestions.isEmpty)
        #expect(try await client.suggestions(for: "zzz").suggestions.isEmpty)
        let refused = await #expect(throws: ClientError.self) { try await client.suggestions(for: "x", limit: 21) }
        #expect(refused?.status == .invalidArgument)
        // Related to an article, without that; and to a text.
        let related = try await client.related(to: ArticleKey(id: ids[0]), limit: 5, articles: true)
        #expect(related.hits.count == 5 && !related.hits.contains { $0.id == ids[0] })
        #expect(related.hits.allSatisfy { $0.title?.text.hasPrefix("Bóng đá") == true && $0.article != nil })
        let ofText = try await client.related(toTitle: "Xăng tăng giá", text: "Giá dầu thô và thị trường năng lượng")
        #expect(ofText.hits.first?.title?.text.hasPrefix("Giá xăng dầu") == true)
        let missing = await #expect(throws: ClientError.self) {
            try await client.related(to: ArticleKey(url: "https://a.vn/none"))
        }
        #expect(missing?.status == .notFound)
        for request in [
            RelatedRequest(), RelatedRequest(key: ArticleKey()),
            RelatedRequest(key: ArticleKey(id: ids[0]), title: "x"),
        ] {
            let error = await #expect(throws: ClientError.self) { try await client.related(request) }
            #expect(error?.status == .invalidArgument)
        }
        await client.close()
        let tool = CommandLineTool(service)
        let lines = try tool.run("related", "\(ids[0])", "-n", "3").lines
        #expect(lines.count == 3 && lines.allSatisfy { $0.contains("\tBóng đá") }, "\(lines)")
        #expect(
            try tool.run("related", "-", input: Array("Giá xăng\n\nThị trường năng lượng, dầu thô".utf8)).lines.count
                > 1)
        #expect(try tool.run("search", "--suggest", "bong d").lines.first?.hasPrefix("Bóng đá") == true)
        let meant = try tool.run("search", "xăngg", "dầu")
        #expect(meant.complaints.contains("did you mean: xăng dầu?"), "\(meant)")
        #expect(try tool.run("completion", "sources").code == 0)
    }

    @Test(.timeLimit(.minutes(5))) func theCommandPrintsHits() async throws {
        let service = try Service(plugins: Self.plugins)
        let tool = CommandLineTool(service)
        let client = Self.client(service)
        let stored = try await client.put(
            Article(source: "Mic.gov.vn", title: "Lũ lụt", body: "ở miền Trung", publishedAt: 1_714_521_600_000))
        _ = try await Self.wait(client, "lut", 1)
        await client.close()
        let found = try #require(stored.id)
        let id = "\(found)"
        let lines = try tool.run("search", "lu", "lut").lines
        #expect(lines.count == 1 && lines[0].hasPrefix("\(id)\t") && lines[0].hasSuffix("\tLũ lụt"), "\(lines)")
        #expect(try tool.run("search", "lut", "--facets").lines.contains("source\tMic.gov.vn\t1"))
        let json = try tool.run("search", "--json", "title:lut", "--source", "Mic.gov.vn").lines
        #expect(json.count == 2)
        let hit = try JSONSerialization.jsonObject(with: Data(json[0].utf8)) as? [String: Any]
        #expect(hit?["id"] as? String == id)
        let title = hit?["title"] as? [String: Any]
        #expect(title?["text"] as? String == "Lũ lụt" && title?["marks"] as? [[Int]] == [[4, 9]])
        let total = try JSONSerialization.jsonObject(with: Data(json[1].utf8)) as? [String: Any]
        #expect(total?["total"] as? Int == 1)
        #expect(try tool.run("search", "bao").lines.isEmpty)
        #expect(try tool.run("search", "x", "--order", "best").code == 64)
        #expect(try tool.run("search", "x", "--limit", "101").code == 64)
        #expect(try tool.run("search", "x", "--cursor", "?").code == 64)
    }
}
