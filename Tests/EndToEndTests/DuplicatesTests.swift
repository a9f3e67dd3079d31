// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Glibc
import Testing

@testable import PostgreSQLServer

/// Near-identical articles in the real service, with the client library and with articlectl.
@Suite(.serialized) struct DuplicatesTests {
    private static let plugins = ["Store", "Fetch", "Changes", "Duplicates", "LMDBStorage"]
    private static let text =
        "Mưa lớn kéo dài nhiều ngày đã làm nước sông dâng cao, hàng nghìn hộ dân ở các xã ven sông phải rời nhà trong đêm. "
        + "Chính quyền địa phương đã huy động lực lượng giúp dân chuyển đồ đạc và tài sản lên nơi cao ráo."
    private static let plainText = text.applyingTransform(.stripDiacritics, reverse: false)?
        .replacingOccurrences(of: "đ", with: "d")

    private static func client(_ service: Service) -> ArticleClient {
        ArticleClient(endpoint: .unix(path: service.socketPath), options: ClientTests.options())
    }

    /// Waits until that many articles are near-identical to the text.
    private static func wait(
        _ client: ArticleClient, _ count: Int, _ article: Article = Article(body: text)
    ) async throws -> DuplicatesResult {
        while true {
            let result = try await client.duplicates(of: article, limit: 100)
            if result.duplicates.count == count, !result.incomplete { return result }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test(.timeLimit(.minutes(5))) func copiesAreFoundAndForgotten() async throws {
        try await Self.copies(try Service(plugins: Self.plugins))
    }

    @Test(.timeLimit(.minutes(5))) func copiesAreFoundInPostgreSQL() async throws {
        let cluster = try Cluster()
        let configuration = """
            { plugins: { "postgresql-storage": { connection: "\(cluster.connection(try cluster.database()))" } } }
            """
        try await Self.copies(
            try Service(plugins: Self.plugins.dropLast() + ["PostgreSQLStorage"], configuration: configuration))
    }

    private static func copies(_ service: Service) async throws {
        let client = client(service)
        // Before it is stored, and in an empty store.
        #expect(try await client.duplicates(of: Article(body: text)).duplicates.isEmpty)
        let copy = try #require(
            try await client.put(
                Article(
                    url: "https://b.vn/1", source: "B", title: "Nước lên", body: text.uppercased(), publishedAt: 2000)
            ).id)
        let first = try #require(
            try await client.put(
                Article(url: "https://a.vn/1", source: "A", title: "", body: text, publishedAt: 1000)
            ).id)
        let plainBody = try #require(plainText)
        let plain = try #require(
            try await client.put(
                Article(url: "https://c.vn/1", source: "C", body: plainBody, publishedAt: 3000)
            ).id)
        let other = try await client.put(Article(title: "Bóng đá", body: "Đội tuyển thắng trận thứ ba liên tiếp"))
        let (empty, empty2) = (
            try await client.put(Article(url: "https://a.vn/e1", title: "Tin")),
            try await client.put(Article(url: "https://a.vn/e2", title: "Tin"))
        )
        let result = try await wait(client, 3)
        #expect(result.duplicates.map(\.id) == [first, copy, plain] && result.first == first)
        #expect(result.duplicates.map(\.source) == ["A", "B", "C"] && !result.more)
        let a = result.duplicates[0]
        #expect(a.similarity == 1 && a.time == 1000 && a.url == "https://a.vn/1" && a.title.isEmpty)
        #expect(result.duplicates[2].similarity == 1)
        // Of an article, without itself.
        let ofCopy = try await client.duplicates(of: ArticleKey(url: "HTTPS://b.vn:443/%31"))
        #expect(ofCopy.duplicates.map(\.id) == [first, plain] && ofCopy.first == first)
        let ofFirst = try await client.duplicates(of: ArticleKey(id: first), limit: 1)
        #expect(ofFirst.duplicates.count == 1 && ofFirst.more && ofFirst.first == first)
        for id in [other.id, empty.id, empty2.id].compactMap({ $0 }) {
            let none = try await client.duplicates(of: ArticleKey(id: id))
            #expect(none.duplicates.isEmpty && none.first == id)
        }
        // Half of it.
        let half = Article(body: String(text.prefix(text.count / 2)))
        #expect(try await client.duplicates(of: half).duplicates.isEmpty)
        #expect(try await client.duplicates(of: half, threshold: 0.4).duplicates.count == 3)
        var groups: [DuplicateGroup] = []
        for try await group in client.duplicateGroups() { groups.append(group) }
        #expect(groups.map { $0.articles.map(\.id) } == [[first, copy, plain]] && groups.first?.more == false)
        #expect(groups.first?.articles.map(\.similarity).first == 1)
        for (source, from, count) in [("C", nil, 1), ("D", nil, 0), ("", 2500, 1), ("C", 3001, 0)] as [(_, Int64?, _)] {
            var found = 0
            for try await _ in client.duplicateGroups(source: source, from: from) { found += 1 }
            #expect(found == count, "\(source) \(from ?? 0)")
        }
        for request in [
            DuplicatesRequest(), DuplicatesRequest(key: ArticleKey()), DuplicatesRequest(body: "x", threshold: 0.2),
            DuplicatesRequest(body: "x", threshold: .nan), DuplicatesRequest(body: "x", limit: 101),
            DuplicatesRequest(key: ArticleKey(id: first), title: "x"),
        ] {
            let error = await #expect(throws: ClientError.self) { try await client.duplicates(request) }
            #expect(error?.status == .invalidArgument, "\(request)")
        }
        let missing = await #expect(throws: ClientError.self) {
            try await client.duplicates(of: ArticleKey(url: "https://a.vn/none"))
        }
        #expect(missing?.status == .notFound)
        let status = try await client.duplicatesStatus()
        #expect(status.complete && status.articles == 4 && status.stored == 6 && status.problem.isEmpty)
        // Changed and removed.
        _ = try await client.put(
            Article(url: "https://b.vn/1", title: "Nước lên", body: "một bài khác hẳn về giá xăng"))
        _ = try await client.delete(id: first)
        let left = try await wait(client, 1)
        #expect(left.duplicates.map(\.id) == [plain])
        await client.close()
    }

    @Test(.timeLimit(.minutes(5))) func theCommandPrintsCopies() async throws {
        let service = try Service(plugins: Self.plugins + ["Search"])
        let tool = CommandLineTool(service)
        let client = Self.client(service)
        var ids: [String] = []
        for number in 1...3 {
            let stored = try await client.put(
                Article(
                    url: "https://a.vn/\(number)", source: "S\(number)", body: Self.text,
                    publishedAt: Int64(number) * 86_400_000))
            ids.append("\(try #require(stored.id))")
        }
        _ = try await Self.wait(client, 3)
        while try await client.search("huy dong").total != 3 { try await Task.sleep(for: .milliseconds(20)) }
        await client.close()
        let lines = try tool.run("duplicates", ids[1]).lines
        #expect(lines.map { $0.split(separator: "\t").first.map(String.init) } == [ids[0], ids[2]], "\(lines)")
        #expect(lines.first?.contains("\tS1\t1.000\t") == true, "\(lines)")
        let own = try tool.run("duplicates", ids[0])
        #expect(own.complaints.contains("the article itself is the earliest"), "\(own)")
        let json = try tool.run("duplicates", "--json", "-", input: Array(Self.text.utf8)).lines
        #expect(json.count == 3)
        let first = try JSONSerialization.jsonObject(with: Data(try #require(json.first).utf8)) as? [String: Any]
        #expect(first?["id"] as? String == ids[0] && first?["first"] as? Bool == true)
        #expect(first?["similarity"] as? Double == 1)
        let groups = try tool.run("duplicates", "--json").lines
        #expect(groups.count == 1 && ids.allSatisfy { groups.first?.contains($0) == true }, "\(groups)")
        #expect(try tool.run("duplicates", "--source", "S2").lines.filter { !$0.isEmpty }.count == 3)
        #expect(try tool.run("duplicates", "--from", "1970-01-10").lines.isEmpty)
        #expect(try tool.run("search", "huy dong", "--collapse").lines.count == 1)
        // On a terminal, a list marks those that have a copy.
        let list = try TerminalTests.onTerminal(tool, columns: 140, "list")
        #expect(list.split(separator: "\n").filter { $0.contains("≈ ") }.count >= 2, "\(list)")
        for arguments in [["--threshold", "2"], [ids[0], "--limit", "0"], [ids[0], "--source", "S1"]] {
            #expect(try tool.run(["duplicates"] + arguments).code == 64, "\(arguments)")
        }
    }

    @Test(.timeLimit(.minutes(5))) func aServiceWithoutThePluginSaysSo() async throws {
        let service = try Service(plugins: ["Store", "Fetch", "Changes", "Search", "LMDBStorage"])
        let tool = CommandLineTool(service)
        let client = Self.client(service)
        _ = try await client.put(Article(body: Self.text))
        while try await client.search("huy dong").total != 1 { try await Task.sleep(for: .milliseconds(20)) }
        await client.close()
        let collapsed = try tool.run("search", "huy dong", "--collapse")
        #expect(collapsed.code == 69 && collapsed.complaints.contains("articled-duplicates"), "\(collapsed)")
        #expect(try tool.run("duplicates").code != 0)
        #expect(try tool.run("list").lines.count == 1)
    }

    private static let kills =
        unsafe getenv("ARTICLED_DUPLICATES_KILLS").flatMap { unsafe Int(String(cString: $0)) } ?? 6

    /// Killed at any moment of indexing, committing and merging: the index equals the store each time.
    @Test(.timeLimit(.minutes(60))) func killsCostTheIndexNothing() async throws {
        let service = try Service(
            plugins: Self.plugins, configuration: "{ plugins: { duplicates: { commitSeconds: 0.1 } } }")
        let client = Self.client(service)
        /// By URL: the body that the article has now; nil if it was deleted.
        var bodies: [String: String?] = [:]
        var doubtful: Set<String> = []
        func body(_ round: Int, _ number: Int) -> String {
            (0..<30).map { "t\(round)x\(number)x\($0)" }.joined(separator: " ")
        }
        for round in 0..<Self.kills {
            let changes = Task { [bodies] in
                var bodies = bodies
                var doubtful: Set<String> = []
                for number in 0... {
                    let url = "https://a.vn/\(Int.random(in: 0..<400))"
                    do throws(ClientError) {
                        if number % 10 == 9, let known = bodies[url], known != nil {
                            _ = try await client.delete(url: url)
                            bodies[url] = .some(nil)
                        } else {
                            _ = try await client.put(Article(url: url, body: body(round, number)))
                            bodies[url] = body(round, number)
                        }
                    } catch {
                        if error.status == .notFound { continue }  // the deletion of a doubtful one
                        doubtful.insert(url)
                        return (bodies, doubtful)
                    }
                }
                return (bodies, doubtful)
            }
            try await Task.sleep(for: .milliseconds(.random(in: 0...1500)))
            try service.restart(after: SIGKILL)
            changes.cancel()
            let outcome = await changes.value
            bodies = outcome.0
            doubtful.formUnion(outcome.1)
            // Changes come in order: once the last one is there, all are.
            let last = Article(url: "https://a.vn/last", body: "z\(round)a z\(round)b z\(round)c")
            _ = try await client.put(last)
            _ = try await Self.wait(client, 1, last)
            let storage = try await client.stats().storage
            #expect(try await client.duplicatesStatus().articles == storage?.records)
            for (url, body) in bodies.shuffled().prefix(100) where !doubtful.contains(url) {
                guard let body else { continue }
                let found = try await client.duplicates(of: Article(body: body), threshold: 1).duplicates
                #expect(found.map(\.url) == [url], "round \(round)")
            }
            #expect(try await client.duplicatesStatus().problem.isEmpty)
        }
        #expect(!bodies.isEmpty && !service.told.contains("is made anew"), "\(service.told.suffix(2000))")
        await client.close()
    }
}
