// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

@testable import PostgreSQLEngine
@testable import PostgreSQLServer
@testable import StorageRules

/// Readers of changes find their place again, or they are told that they cannot.
@Suite(.timeLimit(.minutes(3))) struct HistoryTests {
    private let cluster: Cluster
    private let database: String
    private let ids = (0..<6).map { _ in ArticleID.generate() }

    init() throws {
        cluster = try Cluster.shared.get()
        database = try cluster.database()
    }

    private func refusal(_ position: ChangePosition?, _ storage: PostgreSQLStorage) async throws -> StatusCode? {
        do {
            _ = try await storage.fetch(ChangeQuery(.after(try #require(position))))
            return nil
        } catch let error as ServiceError {
            return error.code
        }
    }

    @Test func positionsSurviveRestarts() async throws {
        var storage = try PostgreSQLStorage.open(cluster, database)
        let new = try await storage.lastPosition()
        for id in ids { _ = await storage.put(.id(id), "x") }
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        var behind = ChangeMirror()
        try await behind.follow(storage, limit: 2, pages: 1)
        for round in 0..<4 {
            storage.stop()
            storage = try .open(cluster, database)
            #expect(try await refusal(new, storage) == nil)
            if round % 2 == 0 { _ = await storage.put(.id(ids[round]), "round \(round)") }
            try await mirror.catchUp(storage)
            #expect(mirror.changes.count == (round % 2 == 0 ? 1 : 0))
        }
        try await behind.catchUp(storage)
        #expect(mirror.restarts == 0 && behind.restarts == 0)
        storage.stop()
    }

    /// keepDeletions.
    @Test func deletionsAreForgotten() async throws {
        var storage = try PostgreSQLStorage.open(cluster, database)
        for id in ids { _ = await storage.put(.id(id), "x") }
        var early = ChangeMirror()
        try await early.catchUp(storage)
        let before = early.position
        for id in ids.prefix(3) { _ = await storage.delete(id) }
        var late = ChangeMirror()
        try await late.catchUp(storage)
        _ = await storage.delete(ids[3])
        try await late.catchUp(storage)
        storage.stop()
        // Two of them were an hour ago.
        try cluster.sql(
            """
            UPDATE articled.deletions SET deleted_at = deleted_at - 3600000
                WHERE id IN ('\(ids[0])', '\(ids[1])')
            """, in: database)
        storage = try .open(cluster, database, "keepDeletions: \"30 min\"")
        defer { storage.stop() }
        while try await refusal(before, storage) == nil { await Task.yield() }
        #expect(try await refusal(before, storage) == .outOfRange)
        #expect(try await refusal(late.position, storage) == nil)
        let page = try await storage.fetch(ChangeQuery(.beginning))
        #expect(page.changes.filter { $0.kind == .delete }.map(\.record.id) == [ids[2], ids[3]])
        try await early.catchUp(storage)
        #expect(early.restarts == 1)
    }

    /// A dump that is restored knows only its past.
    @Test func aRestoredCopyIsAnotherHistory() async throws {
        var storage = try PostgreSQLStorage.open(cluster, database)
        for id in ids { _ = await storage.put(.id(id), "x") }
        var early = ChangeMirror()
        try await early.catchUp(storage)
        storage.stop()
        let copy = "\(database)_copy"
        try cluster.sql("CREATE DATABASE \(copy) TEMPLATE \(database)")
        storage = try .open(cluster, database)
        for id in ids.prefix(3) { _ = await storage.put(.id(id), "after the copy") }
        var late = ChangeMirror()
        try await late.catchUp(storage)
        var middle = ChangeMirror()
        try await middle.follow(storage, limit: 1, pages: 1)
        storage.stop()
        let restored = try PostgreSQLStorage.open(cluster, copy)
        defer { restored.stop() }
        for round in 0..<2 {
            #expect(try await refusal(late.position, restored) == .outOfRange)
            #expect(try await refusal(middle.position, restored) == .outOfRange)
            for id in ids { _ = await restored.put(.id(id), "other \(round)") }
        }
        try await late.catchUp(restored)
        #expect(late.restarts == 1)
    }

    /// In another cluster, transactions may have lower numbers than the changes.
    @Test func newChangesComeAfterRestoredOnes() async throws {
        var storage = try PostgreSQLStorage.open(cluster, database)
        for id in ids { _ = await storage.put(.id(id), "x") }
        storage.stop()
        try cluster.sql(
            """
            UPDATE articled.records SET sequence = sequence + (1::bigint << 44);
            UPDATE articled.sessions SET cluster = 'another'
            """, in: database)
        storage = try .open(cluster, database)
        defer { storage.stop() }
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        #expect(mirror.records.count == 6)
        _ = await storage.put(.id(ids[0]), "new")
        try await mirror.catchUp(storage)
        #expect(mirror.changes.map(\.record.id) == [ids[0]])
        #expect(try await storage.fetch(ChangeQuery(.beginning)).changes.map(\.record.id) == ids.dropFirst() + [ids[0]])
    }
}
