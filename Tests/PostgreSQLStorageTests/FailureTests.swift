// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

@testable import PostgreSQLEngine
@testable import PostgreSQLServer
@testable import StorageRules

/// What goes wrong has a clear status, and ends by itself.
@Suite(.timeLimit(.minutes(3))) struct FailureTests {
    // MARK: The database as it was found

    @Test func anotherVersionIsLeftAlone() throws {
        let cluster = try Cluster.shared.get()
        let database = try cluster.database()
        try PostgreSQLStorage.open(cluster, database).stop()
        try cluster.sql("UPDATE articled.about SET version = 99", in: database)
        let error = #expect(throws: ServiceError.self) { try PostgreSQLStorage.open(cluster, database) }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.contains("version 99") == true && error?.message.contains("version 1 only") == true)
    }

    @Test func rightsAreNeeded() throws {
        let cluster = try Cluster.shared.get()
        let database = try cluster.database()
        try cluster.sql("CREATE ROLE stranger_\(database) LOGIN")
        let section = "{ connection: \"host=\(cluster.directory) user=stranger_\(database) dbname=\(database)\" }"
        let error = #expect(throws: ServiceError.self) {
            try PostgreSQLStorage(
                context: PluginContext(configuration: PluginConfiguration(json: Array(section.utf8))))
        }
        #expect(error?.code == .failedPrecondition && error?.message.contains("permission denied") == true)
        // With the schema made by somebody else, it needs nothing but the tables.
        try PostgreSQLStorage.open(cluster, database).stop()
        let tables = "ON ALL TABLES IN SCHEMA articled TO stranger_\(database)"
        try cluster.sql(
            "GRANT USAGE ON SCHEMA articled TO stranger_\(database); GRANT SELECT, INSERT, UPDATE, DELETE \(tables)",
            in: database)
        let engine = try PostgreSQLStorage(
            context: PluginContext(configuration: PluginConfiguration(json: Array(section.utf8))))
        #expect(engine.health == .healthy)
        engine.stop()
    }

    @Test func aReadOnlyDatabaseIsUnavailable() async throws {
        let cluster = try Cluster.shared.get()
        let database = try cluster.database()
        try cluster.sql("ALTER DATABASE \(database) SET default_transaction_read_only = on")
        let engine = try PostgreSQLStorage.open(cluster, database)
        defer { engine.stop() }
        #expect(engine.health.state == .unhealthy && engine.health.message.contains("read-only"))
        #expect(await engine.put(.id(.generate()), "x").refusal == .unavailable)
        try cluster.sql("ALTER DATABASE \(database) RESET default_transaction_read_only")
        while await engine.put(.id(.generate()), "x").refusal != nil {}
        #expect(try await engine.listed().count == 1)
    }

    @Test func damagedContentIsNotGivenOut() async throws {
        let cluster = try Cluster.shared.get()
        let database = try cluster.database()
        let engine = try PostgreSQLStorage.open(cluster, database)
        defer { engine.stop() }
        let ids = (0..<3).map { _ in ArticleID.generate() }
        for id in ids { _ = await engine.put(.id(id), "content of \(id)", key: "\(id)", time: 5) }
        try cluster.sql(
            "UPDATE articled.records SET content = set_byte(content, 3, 7) WHERE id = '\(ids[1])'", in: database)
        let error = await #expect(throws: ServiceError.self) { _ = try await engine.fetch(id: ids[1]) }
        #expect(error?.code == .dataLoss && error?.message.contains("\(ids[1])") == true)
        let listed = try await engine.listed()
        #expect(listed.map(\.id) == ids.reversed())
        #expect(listed.map { $0.lend { $0.isUnreadable } } == [false, true, false])
        let signal = try #require(ChangeSignal(engine))
        var changes: [Change] = []
        while changes.count < 3 {
            changes = try await engine.fetch(ChangeQuery(.beginning)).changes
            if changes.count < 3 { await signal.wait() }
        }
        #expect(changes.map { $0.record.lend { $0.isUnreadable } } == [false, true, false])
        // It can be stored again.
        #expect(await engine.put(.id(ids[1]), "again", key: "\(ids[1])").revision == 2)
        #expect(try await engine.current(ids[1])?.content == Array("again".utf8))
    }

    /// A read whose caller has gone is cancelled in the server, too. Others on the same connection are answered.
    @Test func abandonedReadsAreCancelledInTheServer() async throws {
        let cluster = try Cluster()
        let database = try cluster.database()
        let engine = try PostgreSQLStorage.open(cluster, database, "statementTimeout: \"25 s\"")
        defer { engine.stop() }
        let id = ArticleID.generate()
        #expect(await engine.put(.id(id), "x").outcome.isCreated)
        // The engine's own look for changes, which reads the table every ten seconds, may wait for the lock as well.
        let waiting = """
            SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database)' AND application_name = 'articled'
                AND wait_event_type = 'Lock' AND query LIKE '%r.id = $1::uuid'
            """
        let session = try Session(cluster, database)
        for _ in 0..<3 {
            try session.run("BEGIN; LOCK TABLE articled.records IN ACCESS EXCLUSIVE MODE")
            let reading = Task { try await engine.fetch(id: id) }
            await cluster.wait(waiting, "1")
            reading.cancel()
            let error = await #expect(throws: ServiceError.self) { try await reading.value }
            #expect(error?.code == .cancelled)
            await cluster.wait(waiting, "0")
            async let other = engine.fetch(id: id)
            try session.run("COMMIT")
            #expect(try await other?.content == Array("x".utf8))
        }
        try cluster.runAsServer("grep -q 'canceling statement due to user request' server.log")
        try cluster.runAsServer("! grep -q 'due to .* timeout' server.log")
    }

    // MARK: Writers in the way

    /// One that holds a lock holds up the writes of that article, not those of others for ever.
    @Test func aLockedArticleIsUnavailable() async throws {
        let cluster = try Cluster.shared.get()
        let database = try cluster.database()
        let engine = try PostgreSQLStorage.open(cluster, database, "statementTimeout: \"1 s\"")
        defer { engine.stop() }
        let (locked, other) = (ArticleID.generate(), ArticleID.generate())
        _ = await engine.put(.id(locked), "x")
        let session = try Session(cluster, database)
        try session.run("BEGIN; SELECT 1 FROM articled.records WHERE id = '\(locked)' FOR UPDATE")
        let answers = Answers()
        answers.put(engine, .id(locked), [1])
        answers.put(engine, .id(other), [2])
        answers.put(engine, .id(.generate()), [3])
        let results = await answers.all()
        #expect(results[0].refusal == .unavailable && results[1].outcome.isCreated && results[2].outcome.isCreated)
        #expect(try await engine.current(locked)?.revision == 1)
        try session.run("ROLLBACK")
        #expect(await engine.put(.id(locked), "y").revision == 2)
    }

    @Test func everyErrorHasAStatus() {
        let states: [(String, StatusCode)] = [
            ("53100", .resourceExhausted), ("53200", .resourceExhausted), ("53300", .unavailable),
            ("42501", .failedPrecondition), ("42P01", .failedPrecondition), ("25006", .unavailable),
            ("57014", .unavailable), ("57P01", .unavailable), ("40P01", .unavailable), ("XX001", .dataLoss),
            ("22P02", .internal), ("", .unavailable),
        ]
        for (state, code) in states {
            let status = DatabaseError(state: state, "reason\nof the server").status("cannot write")
            #expect(status.code == code, "\(state)")
            #expect(status.message.hasPrefix("cannot write: reason of the server") && status.message.contains("; "))
        }
    }

    @Test func theQueuesAreBounded() async throws {
        let cluster = try Cluster.shared.get()
        let database = try cluster.database()
        let engine = try PostgreSQLStorage.open(cluster, database, "queueWrites: 4, queueReads: 3")
        defer { engine.stop() }
        let id = ArticleID.generate()
        _ = await engine.put(.id(id), "x")
        let session = try Session(cluster, database)
        try session.run("BEGIN; LOCK TABLE articled.records IN ACCESS EXCLUSIVE MODE")
        let answers = Answers()
        for _ in 0..<10 { answers.put(engine, .id(.generate()), [1]) }
        let codes = Collected<StatusCode>()
        let reading = (0..<10).map { _ in
            Task {
                do {
                    _ = try await engine.fetch(id: id)
                } catch let error as ServiceError {
                    codes.add(error.code)
                }
            }
        }
        while codes.all.count < 7 { await Task.yield() }
        try session.run("ROLLBACK")
        let results = await answers.all()
        #expect(
            results.map(\.refusal) == Array(repeating: nil, count: 4) + Array(repeating: .resourceExhausted, count: 6))
        for task in reading { try await task.value }
        #expect(codes.all == Array(repeating: .resourceExhausted, count: 7))
    }

    /// Somebody who no longer waits gets no answer, and holds up nobody.
    @Test func readsCanBeCancelled() async throws {
        let cluster = try Cluster.shared.get()
        let database = try cluster.database()
        let engine = try PostgreSQLStorage.open(cluster, database)
        defer { engine.stop() }
        let session = try Session(cluster, database)
        try session.run("BEGIN; LOCK TABLE articled.records IN ACCESS EXCLUSIVE MODE")
        let reading = Task { try await engine.fetch(id: .generate()) }
        reading.cancel()
        let error = await #expect(throws: ServiceError.self) { _ = try await reading.value }
        #expect(error?.code == .cancelled)
        try session.run("ROLLBACK")
        #expect(try await engine.fetch(id: .generate()) == nil)
    }
}
