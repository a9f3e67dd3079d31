// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Testing

/// Streams that go on at another endpoint: lists and changes. A cursor belongs to one storage.
@Suite struct ResumptionTests {
    private static let id = ArticleID(high: 0x0190_f3a1_6b1c_7cc0, low: 1)
    private static let listed = Article(id: id, title: "Một", revision: 3, storedAt: 77)

    private static func client(_ first: ScriptedService, _ second: ScriptedService) -> ArticleClient {
        var options = ClientOptions()
        options.loadBalancing = .priority
        options.minBackoff = .milliseconds(1)
        options.maxBackoff = .milliseconds(5)
        options.reconnectTimeout = .seconds(30)
        return ArticleClient(endpoints: [first.endpoint, second.endpoint], options: options)
    }

    /// Lists one article, and is gone.
    private static func begin(_ connection: ScriptedConnection) throws {
        try connection.hello()
        let request = try connection.receive(.request)
        try connection.send(
            .message, ListItem(article: listed, cursor: [1]).encoded(), stream: request.header.stream)
    }

    private static func message(
        _ connection: ScriptedConnection, _ payload: [UInt8], _ frame: ScriptedConnection.Frame
    ) throws {
        try connection.send(.message, payload, flags: .end, stream: frame.header.stream)
    }

    @Test func aListGoesOnAtAnEndpointThatHasItsLastArticle() async throws {
        let first = try ScriptedService(Self.begin)
        let second = try ScriptedService { connection in
            try connection.hello()
            let get = try connection.receive(.request)
            guard try GetRequest(decoding: get.message) == GetRequest(id: Self.id, view: .summary) else {
                throw ScriptedConnection.Unexpected(description: "\(get)")
            }
            try Self.message(connection, Self.listed.encoded(), get)
            let list = try connection.receive(.request)
            guard try ListRequest(decoding: list.message).cursor == [1] else {
                throw ScriptedConnection.Unexpected(description: "\(list)")
            }
            let item = ListItem(article: Article(id: Self.id, title: "Hai"), cursor: [2])
            try connection.send(.message, item.encoded(), flags: .end, stream: list.header.stream)
            try connection.awaitClose()
        }
        let client = Self.client(first, second)
        var titles: [String] = []
        for try await item in client.list() { titles.append(item.article.title) }
        #expect(titles == ["Một", "Hai"])
        await client.close()
        try await first.finished()
        try await second.finished()
    }

    /// There is no such article, or it was stored independently.
    @Test(arguments: [nil, Article(id: id, title: "Một", revision: 3, storedAt: 78)])
    func aListDoesNotGoOnInAnotherStorage(found: Article?) async throws {
        let first = try ScriptedService(Self.begin)
        let second = try ScriptedService { connection in
            try connection.hello()
            let get = try connection.receive(.request)
            if let found {
                try Self.message(connection, found.encoded(), get)
            } else {
                try connection.fail(get.header.stream, .notFound)
            }
            try connection.awaitClose()
        }
        var options = ClientOptions()
        options.loadBalancing = .priority
        options.reconnectTimeout = .milliseconds(300)
        let client = ArticleClient(endpoints: [first.endpoint, second.endpoint], options: options)
        var iterator = client.list().makeAsyncIterator()
        #expect(try await iterator.next()?.article.title == "Một")
        let error = await #expect(throws: ClientError.self) { try await iterator.next() }
        #expect(error?.message.hasPrefix("fetch.list: the list began at \(first.endpoint), and no endpoint") == true)
        #expect(error?.message.contains("\(second.endpoint) does not have article \(Self.id)") == true)
        #expect(error?.message.contains("no socket at \(first.path)") == true)
        await client.close()
        try await first.finished()
        try await second.finished()
    }

    private static func change(_ connection: ScriptedConnection, _ cursor: UInt8, after start: [UInt8]) throws -> UInt32
    {
        let request = try connection.receive(.request)
        guard try WatchRequest(decoding: request.message).cursor == start else {
            throw ScriptedConnection.Unexpected(description: "\(request)")
        }
        let item = WatchItem(
            kind: .stored, cursor: [cursor], sequence: UInt64(cursor), id: id, revision: 1, storedAt: 7,
            article: Article(id: id, title: "\(cursor)"))
        try connection.send(.message, item.encoded(), stream: request.header.stream)
        return request.header.stream
    }

    @Test func changesGoOnWhereAnEndpointIsLeft() async throws {
        let first = try ScriptedService { connection in
            try connection.hello()
            _ = try Self.change(connection, 1, after: [])
        }
        let second = try ScriptedService { connection in
            try connection.hello()
            _ = try Self.change(connection, 2, after: [1])
            try connection.awaitClose()
        }
        let client = Self.client(first, second)
        var iterator = client.changes(from: .beginning).makeAsyncIterator()
        #expect(try await iterator.next()?.cursor == [1])
        #expect(try await iterator.next()?.cursor == [2])
        await client.close(grace: .zero)
        try await first.finished()
        try await second.finished()
    }

    @Test func changesOfAnotherStorageAreAnError() async throws {
        let first = try ScriptedService { connection in
            try connection.hello()
            _ = try Self.change(connection, 1, after: [])
        }
        let second = try ScriptedService { connection in
            try connection.hello()
            try connection.fail(connection.receive(.request).header.stream, .outOfRange, "unknown")
            try connection.awaitClose()
        }
        let client = Self.client(first, second)
        var iterator = client.changes(from: .beginning).makeAsyncIterator()
        #expect(try await iterator.next()?.cursor == [1])
        let error = await #expect(throws: ClientError.self) { try await iterator.next() }
        #expect(error?.status == .failedPrecondition)
        #expect(error?.message.contains("\(second.endpoint) does not know the place") == true)
        await client.close(grace: .zero)
        try await first.finished()
        try await second.finished()
    }
}
