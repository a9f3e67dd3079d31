// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Glibc
import Testing

/// One client of two real services. They have storages of their own, so an article is in one of them, or in both.
@Suite struct EndpointsTests {
    private static func ids(in service: Service) async throws -> Set<ArticleID> {
        let client = ArticleClient(endpoint: .unix(path: service.socketPath))
        var ids: Set<ArticleID> = []
        for try await item in client.list() { if let id = item.article.id { ids.insert(id) } }
        await client.close()
        return ids
    }

    private static func endpoints(_ services: Service...) -> [Endpoint] { services.map { .unix(path: $0.socketPath) } }

    /// Puts, each a call of its own, by 50 tasks.
    private static func put(
        _ ids: [ArticleID], _ client: ArticleClient, expectedRevision: UInt64? = nil,
        progress: AsyncStream<Int>.Continuation
    ) async throws {
        let count = ClientTests.Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in 0..<50 {
                group.addTask {
                    for index in stride(from: start, to: ids.count, by: 50) {
                        let article = Article(id: ids[index], title: "\(index)")
                        _ = try await client.put(article, expectedRevision: expectedRevision)
                        progress.yield(count.increment())
                    }
                }
            }
            try await group.waitForAll()
        }
        progress.finish()
    }

    @Test(.timeLimit(.minutes(10))) func putsOutliveAKilledService() async throws {
        let (first, second) = (try Service(), try Service())
        let client = ArticleClient(endpoints: Self.endpoints(first, second), options: ClientTests.options())
        let ids = (0..<10_000).map { _ in ArticleID.generate() }
        let (progress, continuation) = AsyncStream<Int>.makeStream()
        let faults = Task {
            for await count in progress {
                if count == 2_500 { kill(first.processIdentifier, SIGKILL) }
                if count == 5_000 { try first.restart(after: SIGKILL) }
            }
        }
        try await Self.put(ids, client, progress: continuation)
        try await faults.value
        let (one, other) = (try await Self.ids(in: first), try await Self.ids(in: second))
        #expect(one.union(other) == Set(ids))
        // What was in flight at the kill may be in both.
        #expect(one.intersection(other).count <= 50)
        // The service that came back has work again.
        let own = ArticleClient(endpoint: .unix(path: first.socketPath))
        #expect(try await own.stats().methods.contains { $0.name == "store.put" && $0.count > 0 })
        await own.close()
        await client.close()
    }

    @Test(.timeLimit(.minutes(10))) func anUploadOutlivesAKilledService() async throws {
        let services = [try Service(), try Service()]
        let client = ArticleClient(
            endpoints: Self.endpoints(services[0], services[1]), options: ClientTests.options())
        let source = ClientTests.Source(10_000)
        let seen = try await client.put(contentsOf: source) { outcomes in
            var seen: Set<UInt64> = []
            for try await outcome in outcomes {
                #expect(throws: Never.self) { try outcome.result.get() }
                #expect(seen.insert(outcome.index).inserted)
                guard seen.count == 2_500 else { continue }
                for service in services {
                    let own = ArticleClient(endpoint: .unix(path: service.socketPath))
                    if try await own.stats().storage?.records ?? 0 > 0 { kill(service.processIdentifier, SIGKILL) }
                    await own.close()
                }
            }
            return seen.count
        }
        #expect(seen == 10_000)
        for service in services where !service.isRunning { try service.restart(after: SIGKILL) }
        let all = try await Self.ids(in: services[0]).union(Self.ids(in: services[1]))
        #expect(all == Set(source.ids))
        await client.close()
    }

    /// A process that is stopped keeps its connections, and answers nothing.
    @Test(.timeLimit(.minutes(10))) func aStoppedProcessIsGivenUp() async throws {
        let (first, second) = (try Service(), try Service())
        var options = ClientTests.options()
        options.keepAlive = .milliseconds(200)
        let client = ArticleClient(endpoints: Self.endpoints(first, second), options: options)
        let ids = (0..<5_000).map { _ in ArticleID.generate() }
        let (progress, continuation) = AsyncStream<Int>.makeStream()
        let faults = Task {
            for await count in progress where count == 1_000 { kill(first.processIdentifier, SIGSTOP) }
        }
        defer { kill(first.processIdentifier, SIGCONT) }
        try await Self.put(ids, client, progress: continuation)
        await faults.value
        kill(first.processIdentifier, SIGCONT)
        let (one, other) = (try await Self.ids(in: first), try await Self.ids(in: second))
        #expect(one.union(other) == Set(ids))
        await client.close()
    }

    /// A put with a condition is not safe to send twice. Not one is in doubt when a service stops in order.
    @Test(.timeLimit(.minutes(10))) func aStopUnderLoadIsNoError() async throws {
        let (first, second) = (try Service(), try Service())
        let client = ArticleClient(endpoints: Self.endpoints(first, second), options: ClientTests.options())
        let ids = (0..<10_000).map { _ in ArticleID.generate() }
        let (progress, continuation) = AsyncStream<Int>.makeStream()
        let faults = Task {
            for await count in progress {
                if count == 2_500 { try first.restart(after: SIGTERM) }
                if count == 5_000 { try second.restart(after: SIGTERM) }
            }
        }
        try await Self.put(ids, client, expectedRevision: 0, progress: continuation)
        try await faults.value
        let (one, other) = (try await Self.ids(in: first), try await Self.ids(in: second))
        #expect(one.union(other) == Set(ids))
        #expect(one.isDisjoint(with: other))
        await client.close()
    }
}
