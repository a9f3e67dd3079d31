// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Testing

/// What the program says and does when its files are damaged or gone.
@Suite struct RecoverTests {
    /// Whether a bit is flipped in the log of a service that was killed: the start is refused, `--recover` says what is given up, and
    /// all else is there.
    @Test func whatIsLostIsToldAndAcceptedFirst() async throws {
        let service = try Service()
        let client = ArticleClient(endpoint: .unix(path: service.socketPath), options: ClientTests.options())
        var ids: [ArticleID] = []
        for number in 0..<12 {
            let id = ArticleID.generate()
            _ = try await client.put(
                Article(id: id, title: "Tin \(number)", body: "Nội dung \(number)", language: "vi"))
            ids.append(id)
        }
        // Its socket is there before its storage is: a connection tells nothing.
        try? service.restart(after: SIGKILL) { try Self.flip(inGroup: 3, service.directory) }
        for _ in 0..<500 where service.isRunning { try await Task.sleep(for: .milliseconds(20)) }
        #expect(!service.isRunning)
        #expect(service.told.contains("the writes of group 3 were acknowledged"))
        #expect(service.told.contains("articled --recover"))
        let recovery = try service.recover()
        #expect(recovery.code == 0 && recovery.text.contains("given up: the log"))
        try service.restart(after: SIGKILL)
        for (number, id) in ids.enumerated() where number != 2 {
            #expect(try await client.get(id: id).title == "Tin \(number)")
        }
        await #expect(throws: ClientError.self) { try await client.get(id: ids[2]) }
        await client.close()
    }

    @Test func anIndexThatIsMissingIsMadeAnew() async throws {
        let service = try Service()
        let client = ArticleClient(endpoint: .unix(path: service.socketPath), options: ClientTests.options())
        let stored = try await client.put(Article(id: .generate(), url: "https://a.vn/1", title: "Tin", body: "x"))
        try service.restart(after: SIGKILL) {
            try FileManager.default.removeItem(at: service.directory.appending(path: "state/articles.mdb"))
        }
        #expect(try await client.get(url: "https://a.vn/1").id == stored.id)
        #expect(service.told.contains("was rebuilt from the articles (1 of them): it is missing"))
        await client.close()
    }

    /// Nothing is acknowledged that goes with the process.
    @Test func aDirectoryThatWasRemovedTakesNothing() async throws {
        let service = try Service()
        let client = ArticleClient(endpoint: .unix(path: service.socketPath), options: ClientTests.options())
        _ = try await client.put(Article(id: .generate(), title: "Tin", body: "x"))
        try FileManager.default.removeItem(at: service.directory.appending(path: "state"))
        var options = ClientOptions()
        options.maxAttempts = 2
        let second = ArticleClient(endpoint: .unix(path: service.socketPath), options: options)
        let error = await #expect(throws: ClientError.self) {
            try await second.put(Article(id: .generate(), title: "Tin", body: "y"))
        }
        #expect(error?.message.contains("was removed while the service was running") == true)
        #expect(try await client.health().state == .unhealthy)
        await client.close()
        await second.close()
    }

    private static func flip(inGroup number: Int, _ directory: URL) throws {
        for name in ["articles.mdb-redo0", "articles.mdb-redo1"] {
            let path = directory.appending(path: "state/\(name)")
            var bytes = [UInt8](try Data(contentsOf: path))
            let groups = stride(from: 4096, to: bytes.count, by: 4096).filter {
                Array(bytes[$0..<$0 + 4]) == Array("GRUP".utf8)
            }
            guard groups.count >= number else { continue }
            bytes[groups[number - 1] + 20] ^= 1
            try Data(bytes).write(to: path)
            return
        }
        Issue.record("there is no group \(number)")
    }
}
