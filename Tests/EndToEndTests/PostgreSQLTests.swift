// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Glibc
import Testing

@testable import PostgreSQLServer

/// The real service with its articles in PostgreSQL: the other plugins do not notice.
@Suite(.serialized) struct PostgreSQLTests {
    private static func service(_ cluster: Cluster, _ database: String) throws -> Service {
        try Service(
            plugins: ["Store", "Fetch", "Changes", "PostgreSQLStorage"],
            configuration: """
                { plugins: { "postgresql-storage": { connection: "\(cluster.connection(database))" } } }
                """)
    }

    private static func client(_ service: Service) -> ArticleClient {
        ArticleClient(endpoint: .unix(path: service.socketPath), options: ClientTests.options())
    }

    @Test(.timeLimit(.minutes(10))) func twoServicesOnOneDatabase() async throws {
        let cluster = try Cluster()
        let database = try cluster.database()
        let services = [try Self.service(cluster, database), try Self.service(cluster, database)]
        let clients = services.map(Self.client)
        var changes = clients[1].changes(from: .beginning).makeAsyncIterator()
        let story = Article(
            url: "https://mic.gov.vn/1", source: "Mic.gov.vn", title: "Cần Thơ", body: "Đẩy mạnh ứng dụng",
            publishedAt: 1_240_000_000_000, language: "vi")
        let created = try await clients[0].put(story, expectedRevision: 0)
        #expect(created.outcome == .created && created.revision == 1)
        #expect(try await clients[1].put(story).outcome == .unchanged)
        let conflict = await #expect(throws: ClientError.self) { try await clients[1].put(story, expectedRevision: 7) }
        #expect(conflict?.status == .conflict)
        let id = try #require(created.id)
        #expect(try await clients[1].get(id: id).body == story.body)
        #expect(try await clients[1].get(url: story.url).id == id)
        var titles: [String] = []
        for try await listed in clients[1].list(source: "Mic.gov.vn") { titles.append(listed.article.title) }
        #expect(titles == ["Cần Thơ"])
        for number in 0..<50 { _ = try await clients[0].put(Article(title: "Tin \(number)")) }
        // The other service's watcher sees all of it.
        var seen: Set<ArticleID> = []
        while seen.count < 51, let change = try await changes.next() {
            if case .stored(let article) = change.event, let id = article.id { seen.insert(id) }
        }
        #expect(seen.contains(id))

        // A service that is killed has nothing that the database has not.
        try services[0].restart(after: SIGKILL)
        #expect(try await clients[0].get(id: id).revision == 1)
        #expect(try await clients[0].delete(id: id).revision == 1)
        while let change = try await changes.next() {
            if case .deleted(id) = change.event { break }
        }
        let missing = await #expect(throws: ClientError.self) { try await clients[1].get(id: id) }
        #expect(missing?.status == .notFound)
        for client in clients {
            #expect(try await client.health().state == .healthy)
            await client.close()
        }
    }

    /// The index follows changes of both services, and goes on where it was.
    @Test(.timeLimit(.minutes(10))) func searchOnOneDatabase() async throws {
        let cluster = try Cluster()
        let database = try cluster.database()
        let configuration = """
            { plugins: { "postgresql-storage": { connection: "\(cluster.connection(database))" } } }
            """
        let plugins = ["Store", "Fetch", "Changes", "Search", "PostgreSQLStorage"]
        let services = [
            try Service(plugins: plugins, configuration: configuration),
            try Service(plugins: plugins, configuration: configuration),
        ]
        let clients = services.map(Self.client)
        func wait(_ client: ArticleClient, _ query: String, _ total: UInt64) async throws -> SearchResult {
            while true {
                let result = try await client.search(query, limit: 100, articles: true)
                if result.total == total, !result.incomplete { return result }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        for number in 0..<30 {
            _ = try await clients[number % 2].put(
                Article(url: "https://a.vn/\(number)", title: "Tin \(number)", body: "lũ lụt miền Trung"))
        }
        for client in clients {
            let result = try await wait(client, "lu lut", 30)
            #expect(Set(result.hits.compactMap { $0.article?.url }).count == 30)
        }
        let id = try #require(try await clients[0].get(url: "https://a.vn/7").id)
        _ = try await clients[0].delete(id: id)
        _ = try await clients[1].put(Article(url: "https://a.vn/8", title: "Tin khác", body: "nắng hạn"))
        try services[1].restart(after: SIGKILL)
        for client in clients {
            _ = try await wait(client, "lũ lụt", 28)
            #expect(try await wait(client, "nắng hạn", 1).hits.first?.url == "https://a.vn/8")
            let related = try await client.related(to: ArticleKey(url: "https://a.vn/9"))
            #expect(related.hits.count > 1)
            await client.close()
        }
    }

    /// The service stays, and says what is wrong.
    @Test(.timeLimit(.minutes(10))) func aDatabaseThatIsGone() async throws {
        let cluster = try Cluster()
        let service = try Self.service(cluster, cluster.database())
        let client = Self.client(service)
        let id = try #require(try await client.put(Article(title: "Tin")).id)
        try cluster.control(["--mode", "immediate", "stop"])
        while try await client.health().state == .healthy {}
        let health = try await client.health()
        #expect(health.components.contains { $0.message.contains("cannot connect to the database") }, "\(health)")
        try cluster.control(["start"])
        while try await client.health().state != .healthy {}
        #expect(try await client.get(id: id).title == "Tin")
        #expect(try await client.put(Article(title: "Tin khác")).outcome == .created)
        await client.close()
    }

    /// From files to PostgreSQL and back: the same articles, byte for byte, under the same ids. Revisions begin again.
    @Test(.timeLimit(.minutes(10))) func articlesMoveBetweenEngines() async throws {
        let cluster = try Cluster()
        let files = CommandLineTool(try Service())
        _ = try files.run("store", StoreAndFetchTests.sample.path)
        _ = try files.run("import", try files.file("a.jsonl", ImportTests.collection(0..<500)))
        // In both of Unicode's forms, with topics, without a time, and a large one.
        let special = [
            Article(url: "https://mic.gov.vn/nfc", title: "Ti\u{1ebf}ng Vi\u{1ec7}t", body: "\u{1ebf}"),
            Article(
                url: "https://mic.gov.vn/nfd", title: "Tie\u{302}\u{301}ng Vie\u{323}\u{302}t", body: "e\u{302}\u{301}"),
            Article(
                source: "Mic.gov.vn", title: "Ch\u{1ee7} \u{111}\u{1ec1}", publishedAt: 1_240_000_000_123,
                language: "vi",
                topics: [Topic(slug: "doi-song", score: 0.1), Topic(slug: "khoa-hoc", score: 0.9)],
                attributes: ["a": "1", "": "2"], rating: Rating(count: 3, sum: 12)),
            Article(title: "L\u{1edb}n", body: String(repeating: "a", count: 1 << 20)),
        ]
        let client = ArticleClient(endpoint: .unix(path: files.socketPath), options: ClientTests.options())
        for article in special {
            let stored = try await client.put(article)
            var changed = article
            changed.id = stored.id
            changed.summary = "c\u{1ead}p nh\u{1ead}t"
            #expect(try await client.put(changed).revision == 2)
        }
        await client.close()

        let export = try files.run("export")
        #expect(export.lines.count == 501 + special.count)
        let database = CommandLineTool(try Self.service(cluster, cluster.database()))
        let imported = try database.run("import", "--json", "-", input: export.output)
        #expect(try imported.json()["created"] as? Int == export.lines.count, "\(imported.complaints)")
        let middle = try database.run("export")
        let again = CommandLineTool(try Service())
        _ = try again.run("import", "-", input: middle.output)
        let back = try again.run("export")
        #expect(try Self.contents(middle.lines) == Self.contents(export.lines))
        #expect(try Self.contents(back.lines) == Self.contents(export.lines))
        #expect(middle.lines.allSatisfy { $0.contains("\"revision\":1,") })
    }

    /// What the writers gave, with the checksums of its bytes; without what each service adds; created_at is carried along.
    private static func contents(_ lines: [String]) throws -> Set<String> {
        Set(
            try lines.map { line in
                var article = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
                for name in ["stored_at", "revision"] { article[name] = nil }
                return String(
                    decoding: try JSONSerialization.data(withJSONObject: article, options: .sortedKeys), as: UTF8.self)
            })
    }
}
