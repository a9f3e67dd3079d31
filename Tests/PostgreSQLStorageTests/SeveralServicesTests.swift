// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

@testable import PostgreSQLEngine
@testable import PostgreSQLServer
@testable import StorageRules

/// Several services on one database.
@Suite(.timeLimit(.minutes(3))) struct SeveralServicesTests {
    private let cluster: Cluster
    private let database: String

    init() throws {
        cluster = try Cluster.shared.get()
        database = try cluster.database()
    }

    private func open() throws -> PostgreSQLStorage { try .open(cluster, database) }

    /// Runs `body` in four tasks for each of two services.
    private func everywhere(
        _ services: [PostgreSQLStorage], _ body: @escaping @Sendable (PostgreSQLStorage, Int) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, service) in services.enumerated() {
                for task in 0..<4 { group.addTask { try await body(service, 4 * index + task) } }
            }
            try await group.waitForAll()
        }
    }

    /// Both may be the first.
    @Test func twoThatMakeTheSchemaAtOnce() async throws {
        let services = try await withThrowingTaskGroup(of: PostgreSQLStorage.self) { group in
            for _ in 0..<4 { group.addTask { try open() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for service in services { #expect(service.health == .healthy) }
        let id = ArticleID.generate()
        #expect(await services[0].put(.id(id), "x").outcome.isCreated)
        for service in services {
            #expect(try await service.current(id)?.content == Array("x".utf8))
            service.stop()
        }
    }

    @Test func theSameURLIsStoredOnce() async throws {
        let services = [try open(), try open()]
        let keys = (0..<12).map { "https://example.vn/\($0)" }
        let results = Collected<(key: String, result: WriteResult)>()
        var mirror = ChangeMirror()
        let writing = Task {
            try await everywhere(services) { service, task in
                var random = SeededNumbers(state: UInt64(task + 1) &* 0x9E37_79B9)
                for number in 0..<60 {
                    let key = keys[Int(random.next(12))]
                    let result = await service.put(.key(new: .generate()), "\(task)/\(number)", key: key)
                    results.add((key, result))
                }
            }
        }
        let isOver = Counter()
        let watching = Task {
            defer { isOver.add() }
            try await writing.value
        }
        while isOver.count == 0 { try await mirror.follow(services[1], limit: 5, pages: 20) }
        try await watching.value
        let byKey = Dictionary(grouping: results.all) { $0.key }.mapValues { $0.map(\.result) }
        for (key, results) in byKey {
            let record = try #require(try await services[0].current(key: key))
            #expect(results.allSatisfy { $0.outcome.isCreated || $0.outcome.isUpdated }, "\(key)")
            #expect(results.filter { $0.outcome.isCreated }.count == 1)
            #expect(Set(results.map(\.id)) == [record.id])
            // No revision was given twice, and none is missing.
            #expect(Set(results.map(\.revision)) == Set(1...UInt64(results.count)))
            #expect(record.revision == UInt64(results.count))
        }
        #expect(results.all.count == 480)
        try await mirror.catchUp(services[0])
        #expect(mirror.restarts == 0)
        // Both count everything.
        for service in services { service.stop() }
        let again = try open()
        defer { again.stop() }
        #expect(try again.statistics().records == UInt64(byKey.count))
    }

    /// Each takes what is there, and adds one: with the revision that it has seen, nothing is lost.
    @Test func optimisticWritersCountRight() async throws {
        let services = [try open(), try open()]
        defer { for service in services { service.stop() } }
        let ids = (0..<3).map { _ in ArticleID.generate() }
        for id in ids { _ = await services[0].put(.id(id), "0") }
        try await everywhere(services) { service, task in
            for number in 0..<20 {
                let id = ids[(task + number) % 3]
                while true {
                    let record = try #require(try await service.current(id))
                    let count = try #require(Int(String(decoding: record.content, as: UTF8.self)))
                    let result = await service.put(.id(id), "\(count + 1)", expected: record.revision)
                    if result.outcome.isUpdated { break }
                    try #require(result.refusal == .conflict)
                }
            }
        }
        var sum = 0
        for id in ids {
            let record = try #require(try await services[0].current(id))
            sum += try #require(Int(String(decoding: record.content, as: UTF8.self)))
        }
        #expect(sum == 160)
    }

    /// Ids, keys, deletions and moves of keys at random: the services agree with each other, and every reader of changes with
    /// them.
    @Test func everythingAtOnce() async throws {
        let services = [try open(), try open()]
        defer { for service in services { service.stop() } }
        let ids = (0..<16).map { _ in ArticleID.generate() }
        let mirrors = (0..<2).map { index in
            Task {
                var mirror = ChangeMirror()
                for _ in 0..<200 { try await mirror.follow(services[index], limit: 1 + 3 * index, pages: 3) }
                return mirror
            }
        }
        try await everywhere(services) { service, task in
            var random = SeededNumbers(state: UInt64(task + 1) &* 0x2545_F491)
            for _ in 0..<100 {
                let result = await StorageModel.Change(ids, &random).make(service)
                let expected: [StatusCode?] = [nil, .conflict, .alreadyExists, .notFound, .invalidArgument]
                #expect(expected.contains(result.refusal), "\(result)")
            }
        }
        let all = try await services[0].listed()
        #expect(try await services[1].listed() == all)
        #expect(Set(all.map(\.key).filter { !$0.isEmpty }).count == all.filter { !$0.key.isEmpty }.count)
        for record in all where !record.key.isEmpty {
            #expect(try await services[1].current(key: record.key)?.id == record.id)
        }
        for (index, mirror) in mirrors.enumerated() {
            var mirror = try await mirror.value
            try await mirror.catchUp(services[1 - index])
            #expect(mirror.restarts == 0)
        }
        // The lists have no entries of others.
        let wrong = try cluster.sql(
            "SELECT count(*) FROM articled.terms t LEFT JOIN articled.records r USING (id, time) WHERE r.id IS NULL",
            in: database)
        #expect(wrong == "0")
    }

    /// A transaction that began first, and ends last.
    @Test func aReaderWaitsForSlowTransactions() async throws {
        let service = try open()
        defer { service.stop() }
        let (slow, quick) = (ArticleID.generate(), ArticleID.generate())
        let signal = try #require(ChangeSignal(service))
        let session = try Session(cluster, database)
        try session.run(
            """
            BEGIN;
            INSERT INTO articled.records (id, revision, sequence, created_at, stored_at, time, checksum, terms, content)
            VALUES ('\(slow)', 1, pg_current_xact_id()::text::bigint << 16, 1, 1, 1, 0, '', '')
            """)
        #expect(await service.put(.id(quick), "x").outcome.isCreated)
        let held = try await service.fetch(ChangeQuery(.beginning))
        #expect(held.changes.isEmpty && held.progress.hasMore)
        let end = try await service.lastPosition()
        try session.run("COMMIT")
        var changes: [Change] = []
        while changes.count < 2 {
            changes = try await service.fetch(ChangeQuery(.beginning)).changes
            if changes.count < 2 { await signal.wait() }
        }
        #expect(changes.map(\.record.id) == [slow, quick])
        // Neither is behind the end as it was then.
        #expect(try await service.fetch(ChangeQuery(.after(end))).changes.map(\.record.id) == [slow, quick])
        #expect(try await service.fetch(ChangeQuery(.after(held.progress.position))).changes.count == 2)
    }

    /// A service is told of what another one has written.
    @Test func othersAreTold() async throws {
        let services = [try open(), try open()]
        defer { for service in services { service.stop() } }
        let signal = try #require(ChangeSignal(services[1]))
        for number in 0..<5 {
            let id = ArticleID.generate()
            #expect(await services[0].put(.id(id), "\(number)").outcome.isCreated)
            while try await services[1].fetch(ChangeQuery(.beginning)).changes.last?.record.id != id {
                await signal.wait()
            }
        }
    }
}
