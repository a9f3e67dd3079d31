// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

@testable import PostgreSQLEngine
@testable import PostgreSQLServer
@testable import StorageRules

/// Gets that wait at the same time share a query.
@Suite(.timeLimit(.minutes(3))) struct SharedReadTests {
    /// Everybody gets what was asked for, whoever shares the query: an article, none, or an error.
    @Test func everyReaderGetsItsOwnArticle() async throws {
        let cluster = try Cluster.shared.get()
        let database = try cluster.database()
        let engine = try PostgreSQLStorage.open(cluster, database)
        defer { engine.stop() }
        let ids = (0..<30).map { _ in ArticleID.generate() }
        for id in ids { #expect(await engine.put(.id(id), "content of \(id)", key: "\(id)").outcome.isCreated) }
        try cluster.sql(
            "UPDATE articled.records SET content = set_byte(content, 3, 7) WHERE id = '\(ids[7])'", in: database)

        // The table is locked until all of them wait: more than the connections take one by one.
        let session = try Session(cluster, database)
        try session.run("BEGIN; LOCK TABLE articled.records IN ACCESS EXCLUSIVE MODE")
        let asked = ids + ids.prefix(20) + (0..<10).map { _ in ArticleID.generate() }
        let reading = asked.map { id in
            Task.immediate { try await engine.fetch(id: id) }
        }
        reading[3].cancel()
        try session.run("ROLLBACK")
        for (index, (id, task)) in zip(asked, reading).enumerated() {
            switch await task.result {
            case .success(let record):
                #expect(record?.content == (index < 50 ? Array("content of \(id)".utf8) : nil))
                #expect(index != 3 && id != ids[7])
            case .failure(let error):
                let code = (error as? ServiceError)?.code
                #expect(index == 3 ? code == .cancelled : code == .dataLoss && id == ids[7])
            }
        }
    }

    /// A list between gets is sent in its turn.
    @Test func otherReadsAreSentBetweenThem() async throws {
        let cluster = try Cluster.shared.get()
        let engine = try PostgreSQLStorage.open(cluster, try cluster.database())
        defer { engine.stop() }
        let ids = (0..<20).map { _ in ArticleID.generate() }
        for id in ids { #expect(await engine.put(.id(id), "content of \(id)", key: "\(id)").outcome.isCreated) }
        let reading = (0..<200).map { round in
            Task.immediate {
                let id = ids[round % ids.count]
                switch round % 5 {
                case 3: return try await engine.listed().count == 20
                case 4: return try await engine.fetch(key: Array("\(id)".utf8))?.id == id
                default: return try await engine.fetch(id: id)?.id == id
                }
            }
        }
        for task in reading { #expect(try await task.value) }
    }
}
