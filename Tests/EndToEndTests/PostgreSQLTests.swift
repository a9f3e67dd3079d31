// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
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
}
