// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import ArticleClient

/// A client of several endpoints.
@Suite struct BalancingTests {
    private static func options(_ change: (inout ClientOptions) -> Void = { _ in }) -> ClientOptions {
        var options = ClientOptions()
        options.minBackoff = .milliseconds(1)
        options.maxBackoff = .milliseconds(20)
        change(&options)
        return options
    }

    private static func client(
        _ services: FakeService..., options change: (inout ClientOptions) -> Void = { _ in }
    ) -> ArticleClient {
        ArticleClient(endpoints: services.map(\.endpoint), options: options(change))
    }

    /// Calls until this service has served one.
    private static func awaitService(_ name: UInt8, _ client: ArticleClient) async throws {
        while try await client.call("test.again", payload: []) != [name] {}
    }

    private static func calls(_ count: Int, _ client: ArticleClient, _ method: String = "test.again") async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count { group.addTask { _ = try await client.call(method, payload: []) } }
            try await group.waitForAll()
        }
    }

    // MARK: Balancing

    @Test func callsGoToAllEndpoints() async throws {
        let (a, b, c) = (try FakeService(1), try FakeService(2), try FakeService(3))
        let client = Self.client(a, b, c)
        for service in [a, b, c] { try await Self.awaitService(service.name, client) }
        // All are connected now. One call after the other goes round.
        let before = [a, b, c].map(\.served)
        for _ in 0..<30 { _ = try await client.call("test.once", payload: []) }
        #expect([a, b, c].map(\.served) == before.map { $0 + 10 })
        #expect([a, b, c].allSatisfy { $0.accepted == 1 })
        await client.close()
    }

    @Test func anEndpointWithCallsInFlightGetsFewer() async throws {
        let (a, b) = (try FakeService(1), try FakeService(2))
        let client = Self.client(a, b)
        for service in [a, b] { try await Self.awaitService(service.name, client) }
        a.become(.isSilent)
        let stuck = Task { try await client.call("test.once", payload: [], policy: CallPolicy(deadline: .seconds(30))) }
        // Until that call is in flight at `a`, both may get calls; none to `a` would be answered.
        let before = b.served
        for _ in 0..<20 {
            let answer = try? await client.call(
                "test.again", payload: [], policy: CallPolicy(deadline: .seconds(2)))
            if let answer { #expect(answer == [2]) }
        }
        #expect(b.served >= before + 18)
        stuck.cancel()
        await client.close(grace: .zero)
    }

    @Test func theFirstOfAnOrderIsPreferred() async throws {
        let (near, far) = (try FakeService(1), try FakeService(2))
        let client = Self.client(near, far) { $0.loadBalancing = .priority }
        try await Self.awaitService(1, client)
        let served = near.served
        try await Self.calls(50, client)
        #expect(near.served == served + 50)
        near.kill()
        #expect(try await client.call("test.again", payload: []) == [2])
        try near.start()
        try await Self.awaitService(1, client)
        let before = far.served
        try await Self.calls(50, client)
        #expect(far.served == before)
        await client.close()
    }

    @Test func aFirstEndpointThatRefusesDoesNotEndTheOrder() async throws {
        let (near, far) = (try FakeService(1, .refuses(.unavailable)), try FakeService(2))
        let client = Self.client(near, far) {
            $0.loadBalancing = .priority
            $0.maxAttempts = 50
        }
        for _ in 0..<20 { #expect(try await client.call("test.once", payload: []) == [2]) }
        near.become(.serves)
        try await Self.awaitService(1, client)
        await client.close()
    }

    @Test func aMuteFirstEndpointDoesNotHoldUpTheOrder() async throws {
        let (near, far) = (try FakeService(1, .isMute), try FakeService(2))
        let client = Self.client(near, far) {
            $0.loadBalancing = .priority
            $0.connectTimeout = .seconds(60)
        }
        #expect(try await client.call("test.once", payload: []) == [2])
        await client.close(grace: .zero)
    }

    // MARK: Failing over

    @Test func aLostEndpointCostsNoSafeCallAndComesBack() async throws {
        let (a, b) = (try FakeService(1), try FakeService(2))
        let client = Self.client(a, b) { $0.maxAttempts = 100 }
        for service in [a, b] { try await Self.awaitService(service.name, client) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<200 { _ = try await client.call("test.again", payload: []) }
                }
            }
            for _ in 0..<5 {
                a.kill()
                try await Self.awaitService(2, client)
                try a.start()
                try await Self.awaitService(1, client)
            }
            try await group.waitForAll()
        }
        await client.close()
    }

    @Test func aCallThatIsNotSafeFailsWithDoubtAndTheNextGoesElsewhere() async throws {
        let (a, b) = (try FakeService(1, .isSilent), try FakeService(2, .isSilent))
        let client = Self.client(a, b)
        let call = Task { try await client.call("test.once", payload: []) }
        while a.accepted == 0 || b.accepted == 0 { await Task.yield() }
        // It is in flight at one of them.
        a.kill()
        b.kill()
        let error = await #expect(throws: ClientError.self) { try await call.value }
        #expect(error?.kind == .connection)
        b.become(.serves)
        try b.start()
        #expect(try await client.call("test.once", payload: []) == [2])
        await client.close()
    }

    @Test(arguments: [StatusCode.unavailable, .resourceExhausted])
    func aRefusedCallGoesElsewhereAtOnce(code: StatusCode) async throws {
        let (a, b) = (try FakeService(1), try FakeService(2))
        let client = Self.client(a, b) {
            $0.minBackoff = .seconds(300)  // it is not waited for
            $0.maxBackoff = .seconds(300)
            $0.maxAttempts = 2
        }
        for service in [a, b] { try await Self.awaitService(service.name, client) }
        a.become(.refuses(code))
        for _ in 0..<20 { #expect(try await client.call("test.once", payload: []) == [2]) }
        await client.close()
    }

    /// Nothing is sent to it while it rests, although it always has the fewest calls in flight.
    @Test func anEndpointThatRefusesGetsALoadAgainWhenItServes() async throws {
        let (a, b) = (try FakeService(1, .refuses(.unavailable)), try FakeService(2))
        let client = Self.client(a, b)
        try await Self.calls(100, client, "test.once")
        #expect(b.served == 100)
        a.become(.serves)
        try await Self.awaitService(1, client)
        await client.close()
    }

    @Test func garbageFromOneEndpointFailsOverWhatIsSafe() async throws {
        let (a, b) = (try FakeService(1, .isGarbled), try FakeService(2))
        let client = Self.client(a, b)
        try await Self.calls(100, client)
        #expect(b.served == 100)
        await client.close()
    }

    /// It says HELLO again and again, and nothing else. After the first time it gets no calls.
    @Test func anEndpointThatFellSilentMustAnswerAPing() async throws {
        let (near, far) = (try FakeService(1, .isSilent), try FakeService(2))
        let client = Self.client(near, far) {
            $0.loadBalancing = .priority
            $0.keepAlive = .milliseconds(300)
        }
        #expect(try await client.call("test.again", payload: []) == [2])
        while near.accepted < 2 { #expect(try await client.call("test.once", payload: []) == [2]) }
        for _ in 0..<50 { #expect(try await client.call("test.once", payload: []) == [2]) }
        near.kill()
        near.become(.serves)
        try near.start()
        try await Self.awaitService(1, client)
        await client.close()
    }

    @Test func aGoAwayUnderLoadIsNoError() async throws {
        let (a, b) = (try FakeService(1), try FakeService(2))
        let client = Self.client(a, b)
        for service in [a, b] { try await Self.awaitService(service.name, client) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<100 { _ = try await client.call("test.once", payload: []) }
                }
            }
            for service in [a, b, a, b] {
                let before = service.accepted
                service.goAway()
                while service.accepted == before { _ = try await client.call("test.once", payload: []) }
            }
            try await group.waitForAll()
        }
        await client.close()
    }

    // MARK: Uploads

    @Test func anUploadGoesOnWhereAnEndpointIsLeft() async throws {
        let (a, b) = (try FakeService(1), try FakeService(2))
        let client = Self.client(a, b) { $0.maxAttempts = 20 }
        let articles = (0..<5000).map { Article(title: "\($0)") }
        let failures = try await client.put(contentsOf: articles) { outcomes in
            var (seen, failures): (Set<UInt64>, [ClientError]) = ([], [])
            for try await outcome in outcomes {
                #expect(seen.insert(outcome.index).inserted)
                if case .failure(let error) = outcome.result { failures.append(error) }
                if seen.count == 1000 {
                    // The one that serves it.
                    let busy = a.served > b.served ? a : b
                    busy.kill()
                }
            }
            #expect(seen.count == 5000)
            return failures
        }
        #expect(failures.isEmpty)
        #expect(Set(a.stored).union(b.stored).count == 5000)
        await client.close()
    }

    // MARK: Methods

    @Test func aMethodThatOneEndpointKnowsGoesThere() async throws {
        let old = ScriptedConnection.methods.filter { $0.name != "test.once" }
        let (a, b) = (try FakeService(1, methods: old), try FakeService(2))
        let client = Self.client(a, b)
        for _ in 0..<20 { #expect(try await client.call("test.once", payload: []) == [2]) }
        for service in [a, b] { try await Self.awaitService(service.name, client) }
        let error = await #expect(throws: ClientError.self) { try await client.call("test.none", payload: []) }
        #expect(error?.status == .unimplemented)
        for service in [a, b] { #expect(error?.message.contains("\(service.endpoint) has: ") == true) }
        // The one that knew it may come back.
        b.kill()
        let call = Task { try await client.call("test.once", payload: []) }
        for _ in 0..<20 { #expect(try await client.call("test.again", payload: []) == [1]) }
        try b.start()
        #expect(try await call.value == [2])
        await client.close()
    }

    @Test func aMethodOfAnEndpointThatStaysAwayFails() async throws {
        let old = ScriptedConnection.methods.filter { $0.name != "test.once" }
        let (a, b) = (try FakeService(1, methods: old), try FakeService(2))
        let client = Self.client(a, b) { $0.reconnectTimeout = .milliseconds(500) }
        #expect(try await client.call("test.once", payload: []) == [2])
        try await Self.awaitService(1, client)
        b.kill()
        let error = await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
        #expect(error?.kind == .connection)
        #expect(error?.message.contains(b.path) == true)
        #expect(try await client.call("test.again", payload: []) == [1])
        await client.close()
    }

    // MARK: None

    @Test func theErrorNamesEachEndpointAndWhy() async throws {
        let endpoints: [Endpoint] = [.unix(path: "/nonexistent/s"), .tcp(host: "127.0.0.1", port: 1)]
        let client = ArticleClient(endpoints: endpoints)
        for _ in 0..<2 {
            let error = await #expect(throws: ClientError.self) { try await client.ping() }
            #expect(error?.kind == .connection)
            let message = error?.message ?? ""
            #expect(message.hasPrefix("none of the 2 endpoints can be reached: unix:/nonexistent/s: no socket at"))
            #expect(message.contains("; tcp:127.0.0.1:1: cannot connect to tcp:127.0.0.1:1: Connection refused"))
        }
        await client.close()
    }

    @Test func allLostFailsAfterTheTimeToReconnect() async throws {
        let (a, b) = (try FakeService(1), try FakeService(2))
        let client = Self.client(a, b) { $0.reconnectTimeout = .milliseconds(500) }
        for service in [a, b] { try await Self.awaitService(service.name, client) }
        a.kill()
        b.kill()
        let error = await #expect(throws: ClientError.self) { try await client.call("test.again", payload: []) }
        #expect(error?.kind == .connection)
        for service in [a, b] { #expect(error?.message.contains("no socket at \(service.path)") == true) }
        try b.start()
        while (try? await client.call("test.again", payload: [])) != [2] {}
        await client.close()
    }

    /// Attempts that fail slowly do not extend the time that a call waits.
    @Test func aMuteServiceDoesNotHoldACallForItsWholeDeadline() async throws {
        let service = try FakeService(1)
        let client = Self.client(service) {
            $0.connectTimeout = .milliseconds(500)
            $0.reconnectTimeout = .seconds(1)
        }
        #expect(try await client.call("test.again", payload: []) == [1])
        service.become(.isMute)
        service.kill()
        try service.start()
        let error = await #expect(throws: ClientError.self) { try await client.call("test.again", payload: []) }
        #expect(error?.kind == .connection)
        #expect(error?.message.contains("no hello") == true)
        await client.close(grace: .zero)
    }

    @Test func emptyAndLongListsAreRefused() async throws {
        let many = (1...65).map { Endpoint.tcp(host: "h", port: $0) }
        for (endpoints, text) in [([], "is empty"), (many, "has 65 endpoints; a client can have 64 at most")] {
            let client = ArticleClient(endpoints: endpoints)
            let error = await #expect(throws: ClientError.self) { try await client.ping() }
            #expect(error?.kind == .misuse)
            #expect(error?.message.contains(text) == true)
            await client.close()
        }
        let twice = ArticleClient(endpoints: [many[0], many[1], many[0]])
        #expect(twice.endpoints == [many[0], many[1]])
        await twice.close()
    }
}
