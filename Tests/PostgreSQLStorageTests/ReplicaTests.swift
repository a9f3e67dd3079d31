// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

@testable import PostgreSQLEngine
@testable import PostgreSQLServer
@testable import StorageRules

/// Reads that replicas answer.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ReplicaTests {
    private func open(_ primary: Cluster, _ replica: Cluster, _ database: String) throws -> PostgreSQLStorage {
        let section = """
            { connection: "host=\(primary.directory),\(replica.directory) user=articled dbname=\(database)",
              readConnections: 2, allowStaleReads: true }
            """
        return try PostgreSQLStorage(
            context: PluginContext(configuration: PluginConfiguration(json: Array(section.utf8))))
    }

    private func readers(_ database: String) -> String {
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database)' AND application_name = 'articled'"
    }

    @Test func staleReadsAreAnsweredByAReplica() async throws {
        let primary = try Cluster()
        let replica = try Cluster(replicaOf: primary)
        let database = try primary.database()
        let engine = try open(primary, replica, database)
        defer { engine.stop() }
        await replica.wait(readers(database), "2")
        await primary.wait(readers(database), "3")
        let id = ArticleID.generate()
        #expect(await engine.put(.id(id), "first", key: "k").outcome.isCreated)
        while try await engine.current(id) == nil { await Task.yield() }

        // The replica stands still. Reads see what it has; writers and readers of changes see the primary.
        try replica.sql("SELECT pg_wal_replay_pause()")
        await replica.wait("SELECT pg_get_wal_replay_pause_state()", "paused")
        #expect(await engine.put(.id(id), "second", expected: 1, key: "k").revision == 2)
        #expect(await engine.put(.id(.generate()), "another").outcome.isCreated)
        #expect(try await engine.current(id)?.revision == 1)
        #expect(try await engine.fetch(key: Array("k".utf8))?.revision == 1)
        #expect(try await engine.listed().count == 1)
        let conflict = await engine.put(.id(id), "third", expected: 1)
        #expect(conflict.refusal == .conflict && conflict.revision == 2)
        var mirror = ChangeMirror()
        while mirror.records.count < 2 || mirror.records[id]?.revision != 2 {
            try await mirror.follow(engine)
            await Task.yield()
        }

        try replica.sql("SELECT pg_wal_replay_resume()")
        while try await engine.current(id)?.revision != 2 { await Task.yield() }

        // Without a replica, the primary answers.
        try replica.control(["--mode", "immediate", "stop"])
        #expect(try await engine.current(id)?.revision == 2)
        #expect(try await engine.listed().count == 2)
        await primary.wait(readers(database), "5")
    }

    /// The replica becomes the primary. The old one has given numbers to transactions that the replica never heard of, and that
    /// changed nothing; the new one gives them again. Readers of changes go on where they were, and miss nothing.
    @Test func readersOfChangesGoOnAtTheNextPrimary() async throws {
        let primary = try Cluster()
        let replica = try Cluster(replicaOf: primary)
        let database = try primary.database()
        let first = try PostgreSQLStorage.open(primary, database)
        let id = ArticleID.generate()
        #expect(await first.put(.id(id), "x").outcome.isCreated)
        var mirror = ChangeMirror()
        try await mirror.catchUp(first)
        await replica.wait("SELECT count(*) FROM articled.records", "1", in: database)
        try replica.control(["--mode", "immediate", "stop"])
        let transactions = String(repeating: "BEGIN; SELECT pg_current_xact_id(); ROLLBACK;", count: 50)
        try primary.sql(transactions, in: database)
        try await mirror.catchUp(first)
        let latest = try await first.lastPosition()
        first.stop()
        try primary.control(["--mode", "immediate", "stop"])
        try replica.control(["start"])
        try replica.control(["promote"])

        let second = try PostgreSQLStorage.open(replica, database)
        defer { second.stop() }
        let others = (0..<5).map { _ in ArticleID.generate() }
        for other in others { #expect(await second.put(.id(other), "y").outcome.isCreated) }
        try await mirror.catchUp(second)
        #expect(mirror.restarts == 0 && mirror.records.count == 6 && mirror.changes.map(\.record.id) == others)
        let page = try await second.fetch(ChangeQuery(.after(latest)))
        #expect(page.changes.map(\.record.id) == others)
    }

    /// The old primary has committed something that the replica never heard of. Whoever has seen it is told.
    @Test func readersOfLostChangesAreTold() async throws {
        let primary = try Cluster()
        let replica = try Cluster(replicaOf: primary)
        let database = try primary.database()
        let first = try PostgreSQLStorage.open(primary, database)
        let ids = (0..<3).map { _ in ArticleID.generate() }
        #expect(await first.put(.id(ids[0]), "x").outcome.isCreated)
        await replica.wait("SELECT count(*) FROM articled.records", "1", in: database)
        try replica.control(["--mode", "immediate", "stop"])
        #expect(await first.put(.id(ids[1]), "lost").outcome.isCreated)
        var mirror = ChangeMirror()
        try await mirror.catchUp(first)
        #expect(mirror.records.count == 2)
        first.stop()
        try primary.control(["--mode", "immediate", "stop"])
        try replica.control(["start"])
        try replica.control(["promote"])

        let second = try PostgreSQLStorage.open(replica, database)
        defer { second.stop() }
        #expect(await second.put(.id(ids[2]), "y").outcome.isCreated)
        try await mirror.catchUp(second)
        #expect(mirror.restarts == 1 && Set(mirror.records.keys) == [ids[0], ids[2]])
    }

    /// A replica cancels queries that are in the way of what it has to do for the primary. Those are answered by the primary.
    @Test func aReplicaThatCannotAnswer() async throws {
        let primary = try Cluster()
        let replica = try Cluster(replicaOf: primary)
        let database = try primary.database()
        let first = try PostgreSQLStorage.open(primary, database)
        let id = ArticleID.generate()
        #expect(await first.put(.id(id), "x").outcome.isCreated)
        first.stop()
        // On the replica, every query of articles fails as if it was cancelled.
        try primary.sql(
            """
            CREATE FUNCTION articled.readable() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
                IF pg_is_in_recovery() THEN RAISE 'conflict with recovery' USING ERRCODE = '40001'; END IF;
                RETURN true; END $$;
            ALTER TABLE articled.records RENAME TO stored;
            CREATE VIEW articled.records AS SELECT * FROM articled.stored WHERE articled.readable();
            """, in: database)
        await replica.wait("SELECT count(*) FROM pg_views WHERE schemaname = 'articled'", "1", in: database)
        let engine = try open(primary, replica, database)
        defer { engine.stop() }
        await replica.wait(readers(database), "2")
        #expect(try await engine.fetch(id: id)?.content == Array("x".utf8))
        #expect(try await engine.listed().count == 1)
    }
}
