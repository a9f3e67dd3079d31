// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Testing

@testable import PostgreSQLEngine
@testable import PostgreSQLServer
@testable import StorageRules

/// A connection that is lost while the server commits: what became of the writes is found out.
@Suite(.serialized, .timeLimit(.minutes(3))) struct LostCommitTests {
    /// The number of connections of articled that wait for something.
    private func waiting(_ event: String, _ database: String) -> String {
        """
        SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database)' AND application_name = 'articled'
            AND wait_event = '\(event)' AND query = 'COMMIT'
        """
    }

    private func end(_ event: String, _ database: String) -> String {
        """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = '\(database)' AND application_name = 'articled' AND wait_event = '\(event)'
        """
    }

    /// The commit waits for a lock, and is ended before it has done anything: the writes are repeated.
    @Test func onePutThatWasNotCarriedOut() async throws {
        let cluster = try Cluster.shared.get()
        let database = try cluster.database()
        let lines = Collected<String>()
        let engine = try PostgreSQLStorage.open(cluster, database, log: PluginLog { _, line in lines.add(line) })
        defer { engine.stop() }
        try cluster.sql(
            """
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON articled.records DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION wait();
            """, in: database)
        let session = try Session(cluster, database)
        try session.run("BEGIN; SELECT pg_advisory_xact_lock(1)")
        let id = ArticleID.generate()
        async let written = engine.put(.id(id), "x", expected: 0, key: "k")
        for _ in 0..<2 {
            await cluster.wait(waiting("advisory", database), "1")
            try cluster.sql(end("advisory", database))
        }
        await cluster.wait(waiting("advisory", database), "1")
        try session.run("ROLLBACK")
        let result = await written
        #expect(result.outcome.isCreated && result.revision == 1)
        #expect(try await engine.current(id)?.revision == 1)
        #expect(lines.all.filter { $0.contains("its writes are repeated") }.count == 2)
    }

    /// The server crashes before anything of the transaction is on disk. It gives the transaction's number to the next one,
    /// which commits; or, if it has lost more numbers, to a later one, and says until then that the number is not known.
    @Test(arguments: [0, 200]) func onePutThatACrashHasUndone(lostNumbers: Int) async throws {
        let cluster = try Cluster(["wal_writer_delay = 10s"])
        let database = try cluster.database()
        let engine = try PostgreSQLStorage.open(cluster, database)
        defer { engine.stop() }
        try cluster.sql(
            """
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON articled.records DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION wait();
            """, in: database)
        // Nothing of a transaction that was rolled back need be on disk.
        for _ in 0..<lostNumbers / 20 {
            let transaction = "BEGIN; SELECT pg_current_xact_id(); ROLLBACK;"
            try cluster.sql(String(repeating: transaction, count: 20), in: database)
        }
        let session = try Session(cluster, database)
        // A lock of the session's, without a transaction that would have a number.
        try session.run("SELECT pg_advisory_lock(1)")
        let id = ArticleID.generate()
        async let written = engine.put(.id(id), "x", expected: 0)
        await cluster.wait(waiting("advisory", database), "1")
        let backend = try cluster.sql(
            "SELECT pid FROM pg_stat_activity WHERE datname = '\(database)' AND wait_event = 'advisory'")
        kill(try #require(Int32(backend)), SIGKILL)
        let result = await written
        let record = try await engine.current(id)
        #expect(result.refusal == nil || result.refusal == .outcomeUnknown, "\(result)")
        if result.refusal == nil { #expect(record?.revision == 1) } else { #expect(record == nil) }
        // Once is enough: it does not ask on until somebody has got the number.
        try cluster.runAsServer("test $(grep -c 'is in the future' server.log) -le 1")
    }

    /// The commit waits for a replica that is not there. It has been carried out on this server, but it is acknowledged
    /// only when the replica has it.
    @Test func onePutThatWasCarriedOut() async throws {
        let cluster = try Cluster()
        let database = try cluster.database()
        let lines = Collected<String>()
        let engine = try PostgreSQLStorage.open(cluster, database, log: PluginLog { _, line in lines.add(line) })
        defer { engine.stop() }
        let id = ArticleID.generate()
        #expect(await engine.put(.id(id), "before").outcome.isCreated)
        try cluster.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        try cluster.sql("SELECT pg_reload_conf()")
        await cluster.wait("SHOW synchronous_standby_names", "nobody")
        let isAnswered = Counter()
        let writing = Task {
            let result = await engine.put(.id(id), "x", expected: 1, key: "k")
            isAnswered.add()
            return result
        }
        await cluster.wait(waiting("SyncRep", database), "1")
        try cluster.sql(end("SyncRep", database))
        // The engine knows by now that it was committed, and waits for the replica by another commit.
        await cluster.wait(waiting("SyncRep", database), "1")
        #expect(isAnswered.count == 0)
        try cluster.sql("ALTER SYSTEM RESET synchronous_standby_names")
        try cluster.sql("SELECT pg_reload_conf()")
        let result = await writing.value
        #expect(result.outcome.isUpdated && result.revision == 2)
        #expect(try await engine.current(id)?.revision == 2)
        #expect(lines.all.contains { $0.contains("the commit was carried out") })
        #expect(try engine.statistics().records == 1)
    }
}

extension Cluster {
    /// Asks until this is the answer.
    func wait(_ statement: String, _ answer: String, in database: String = "postgres") async {
        while (try? sql(statement, in: database)) != answer { await Task.yield() }
    }
}
