// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Testing

@testable import PostgreSQLEngine
@testable import PostgreSQLServer
@testable import StorageRules

/// Connections and servers that are gone, and come again.
@Suite(.serialized, .timeLimit(.minutes(3))) struct LostConnectionTests {
    /// The connection that writes is ended again and again, wherever it is. Every write is answered for certain: the server
    /// knows what became of a transaction.
    @Test func endedConnections() async throws {
        let cluster = try Cluster.shared.get()
        let database = try cluster.database()
        let engine = try PostgreSQLStorage.open(cluster, database)
        defer { engine.stop() }
        let isOver = Counter()
        let ended = Counter()
        let ending = Task.detached {
            while isOver.count == 0 {
                // psql blocks one of few threads.
                await Task.yield()
                if engine.health != .healthy { continue }
                try cluster.sql(
                    """
                    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE datname = '\(database)' AND application_name = 'articled'
                    """)
                ended.add()
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<6 {
                group.addTask {
                    let id = ArticleID.generate()
                    var number = 0
                    while number < 30 || ended.count < 20 {
                        // Each revision once: a write that was carried out is not repeated, none is lost.
                        let result = await engine.put(
                            .id(id), "\(writer)/\(number)", expected: UInt64(number), key: "\(writer)")
                        try #require(result.refusal == nil, "\(result)")
                        #expect(result.revision == UInt64(number + 1))
                        #expect(try await engine.current(id)?.content == Array("\(writer)/\(number)".utf8))
                        number += 1
                    }
                }
            }
            try await group.waitForAll()
        }
        isOver.add()
        try await ending.value
        #expect(try await engine.listed().count == 6)
        var mirror = ChangeMirror()
        try await mirror.catchUp(engine)
    }

    /// A backend that is killed takes the whole server with it, which recovers.
    @Test func killedBackends() async throws {
        let cluster = try Cluster()
        let database = try cluster.database()
        let engine = try PostgreSQLStorage.open(cluster, database)
        defer { engine.stop() }
        let rounds = Counter()
        let killing = Task.detached {
            for _ in 0..<3 {
                let pid = await cluster.sqlUntilItRuns(
                    "SELECT pid FROM pg_stat_activity WHERE datname = '\(database)' AND application_name = 'articled' LIMIT 1"
                )
                if let pid = Int32(pid) { kill(pid, SIGKILL) }
                rounds.add()
            }
        }
        let known = Collected<(id: ArticleID, result: WriteResult, content: [UInt8])>()
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<6 {
                group.addTask {
                    var number = 0
                    while number < 20 || rounds.count < 3 {
                        let id = ArticleID.generate()
                        let content = Array("\(writer)/\(number)".utf8)
                        let result = await engine.put(.id(id), content: content, expected: 0)
                        known.add((id, result, content))
                        number += 1
                    }
                }
            }
        }
        await killing.value
        while await engine.put(.id(.generate()), "after").refusal != nil {}
        for (id, result, content) in known.all {
            let record = try await engine.current(id)
            switch result.refusal {
            case nil: #expect(record?.content == content && record?.revision == 1)
            case .unavailable?: #expect(record == nil, "nothing was changed")
            case .outcomeUnknown?: #expect(record == nil || record?.content == content)
            case let code?: Issue.record("\(code): \(result)")
            }
        }
        var mirror = ChangeMirror()
        try await mirror.catchUp(engine)
    }

    @Test func aStoppedDatabaseComesAgain() async throws {
        let cluster = try Cluster()
        let database = try cluster.database()
        let lines = Collected<String>()
        let engine = try PostgreSQLStorage.open(
            cluster, database, log: PluginLog { _, line in lines.add(line) })
        defer { engine.stop() }
        let id = ArticleID.generate()
        #expect(await engine.put(.id(id), "before").outcome.isCreated)
        var mirror = ChangeMirror()
        try await mirror.catchUp(engine)
        try cluster.control(["--mode", "immediate", "stop"])
        // Both wait for a while, in case that it comes again soon.
        async let refused = engine.put(.id(id), "meanwhile", expected: 1)
        let error = await #expect(throws: ServiceError.self) { _ = try await engine.fetch(id: id) }
        #expect(error?.code == .unavailable && error?.message.contains("cannot connect to the database") == true)
        #expect(await refused.refusal == .unavailable)
        #expect(engine.health.state == .unhealthy && engine.health.message.contains("cannot connect"))
        #expect(try engine.statistics().records == 1)
        try cluster.control(["start"])
        while await (try? engine.fetch(id: id)) == nil {}
        #expect(try await engine.current(id)?.content == Array("before".utf8))
        while await engine.put(.id(id), "after", expected: 1).refusal == .unavailable {}
        try await mirror.catchUp(engine)
        #expect(mirror.restarts == 0 && mirror.records[id]?.content == Array("after".utf8))
        #expect(lines.all.contains { $0.contains("reachable again") })
    }

    @Test func aDatabaseThatIsNotThereYet() async throws {
        let cluster = try Cluster()
        let database = try cluster.database()
        try cluster.control(["--mode", "immediate", "stop"])
        let engine = try PostgreSQLStorage.open(cluster, database)
        defer { engine.stop() }
        #expect(engine.health.state == .unhealthy)
        #expect(throws: ServiceError.self) { try engine.statistics() }
        async let written = engine.put(.id(.generate()), "x")
        try cluster.control(["start"])
        // It may have waited too long.
        let result = await written
        #expect(result.refusal == nil || result.refusal == .unavailable)
        while await engine.put(.id(.generate()), "y").refusal != nil {}
        #expect(try await !engine.listed().isEmpty)
    }
}

extension Cluster {
    /// While the server recovers, it is tried again.
    func sqlUntilItRuns(_ statements: String) async -> String {
        while true {
            if let result = try? sql(statements), !result.isEmpty { return result }
            await Task.yield()
        }
    }
}
