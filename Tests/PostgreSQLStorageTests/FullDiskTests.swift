// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Testing

@testable import PostgreSQLEngine
@testable import PostgreSQLServer
@testable import StorageRules

/// The database's disk is full: a small file system of its own.
@Suite(.timeLimit(.minutes(3))) struct FullDiskTests {
    @Test(.enabled(if: getuid() == 0, "to mount a file system needs root"))
    func writesAreRefusedUntilThereIsRoom() async throws {
        let cluster = try Cluster(["min_wal_size = 96MB", "max_wal_size = 96MB"], disk: "320m")
        let database = try cluster.database()
        let engine = try PostgreSQLStorage.open(cluster, database)
        defer { engine.stop() }
        // Segments of the log that are ready for use: so it is the tables that find no room. A log that finds none ends the server.
        for _ in 0..<5 { try cluster.sql("SELECT pg_logical_emit_message(true, '', 'x'), pg_switch_wal()") }
        try cluster.sql("CHECKPOINT")
        var stored: [ArticleID] = []
        var refusal: WriteResult?
        let content = [UInt8](repeating: 0x61, count: 100_000)
        try cluster.runAsServer("dd if=/dev/zero of=data/ballast bs=64k 2>/dev/null || true")
        for _ in 0..<200 where refusal == nil {
            let id = ArticleID.generate()
            let result = await engine.put(.id(id), content: content)
            if result.refusal == nil { stored.append(id) } else { refusal = result }
        }
        #expect(refusal?.refusal == .resourceExhausted, "\(String(describing: refusal))")
        #expect("\(String(describing: refusal))".contains("disk space on the database's machine"))
        for id in stored { #expect(try await engine.current(id)?.content == content) }
        try cluster.runAsServer("rm data/ballast")
        let id = ArticleID.generate()
        #expect(await engine.put(.id(id), content: content).outcome.isCreated)
        #expect(try await engine.listed().count == stored.count + 1)
    }
}
