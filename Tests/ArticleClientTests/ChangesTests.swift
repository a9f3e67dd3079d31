// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Testing

/// Following changes, against a service that does what a script says.
@Suite struct ChangesTests {
    private static func id(_ number: UInt64) -> ArticleID { ArticleID(high: 0x0190_f3a1_6b1c_7cc0, low: number) }

    private static func stored(_ number: UInt64, _ title: String) -> WatchItem {
        WatchItem(
            kind: .stored, cursor: [UInt8(number)], sequence: number, id: id(number), revision: 1, storedAt: 7,
            article: Article(id: id(number), title: title))
    }

    private static let upToDate = WatchItem(kind: .heartbeat, cursor: [99], caughtUp: true)

    /// Takes the request, and sends items.
    private static func answer(
        _ connection: ScriptedConnection, _ items: WatchItem..., expecting request: WatchRequest
    ) throws -> UInt32 {
        let frame = try connection.receive(.request)
        let given = try WatchRequest(decoding: frame.message)
        guard given == request else {
            throw ScriptedConnection.Unexpected(description: "\(given), not \(request)")
        }
        guard frame.options?.deadlineMs ?? 0 == 0 else {
            throw ScriptedConnection.Unexpected(description: "a deadline")
        }
        for item in items { try connection.send(.message, item.encoded(), stream: frame.header.stream) }
        return frame.header.stream
    }

    private static func options() -> ClientOptions {
        var options = ClientOptions()
        options.minBackoff = .milliseconds(1)
        options.maxBackoff = .milliseconds(5)
        return options
    }

    private static func words(_ change: ArticleChange) -> String {
        switch change.event {
        case .stored(let article): "stored \(article.title)"
        case .deleted(let id): "deleted \(id.low)"
        case .outside(let id): "outside \(id.low)"
        case .unavailable(let id, let error): "unavailable \(id?.low ?? 0) \(error.status)"
        case .advanced: "advanced"
        case .caughtUp: "caught up"
        case .restarted: "restarted"
        }
    }

    private static func read(_ count: Int, _ changes: ArticleChanges) async throws -> [ArticleChange] {
        var iterator = changes.makeAsyncIterator()
        var read: [ArticleChange] = []
        while read.count < count, let change = try await iterator.next() { read.append(change) }
        return read
    }

    @Test func eachItemIsAnEvent() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            let damaged = Article(id: Self.id(4), title: "x", contentChecksum: 1, contentSize: 3)
            _ = try Self.answer(
                connection, Self.stored(1, "một"), WatchItem(kind: .deleted, cursor: [2], sequence: 2, id: Self.id(1)),
                WatchItem(kind: .outside, cursor: [3], sequence: 3, id: Self.id(2), revision: 2),
                WatchItem(kind: .stored, cursor: [4], sequence: 4, id: Self.id(4), article: damaged),
                WatchItem(
                    kind: .stored, cursor: [5], sequence: 5, id: Self.id(5), status: Status(code: 15, message: "hỏng")),
                WatchItem(kind: .heartbeat, cursor: [6]), WatchItem(kind: .heartbeat, cursor: [6]), Self.upToDate,
                Self.upToDate, WatchItem(kind: .unspecified, cursor: [7]), Self.stored(8, "hai"),
                expecting: WatchRequest(
                    topic: "kinh-doanh", source: "Báo", language: "vi", content: .full, heartbeatMs: 15_000))
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let changes = client.changes(from: .beginning, topic: "kinh-doanh", source: "Báo", language: "vi")
        let read = try await Self.read(9, changes)
        #expect(
            read.map(Self.words) == [
                "stored một", "deleted 1", "outside 2", "unavailable 4 dataLoss", "unavailable 5 dataLoss", "advanced",
                "caught up", "advanced", "stored hai",
            ])
        #expect(read.map(\.cursor) == [[1], [2], [3], [4], [5], [6], [99], [7], [8]])
        #expect(read[0].sequence == 1 && read[0].revision == 1 && read[0].time == 7)
        await client.close()
        try await service.finished()
    }

    /// After a lost connection, a stop of the service and a lost heartbeat, the stream continues after the last change.
    @Test func continuesAfterTheLastChange() async throws {
        @Sendable func request(_ cursor: [UInt8]) -> WatchRequest {
            WatchRequest(cursor: cursor, start: .now, heartbeatMs: 100)
        }
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                _ = try Self.answer(connection, Self.stored(1, "một"), expecting: request([]))
            },
            { connection in
                try connection.hello()
                let stream = try Self.answer(connection, Self.stored(2, "hai"), expecting: request([1]))
                try connection.fail(stream, .unavailable, "the service is stopping")
                // Falls silent. The client gives up the connection.
                _ = try Self.answer(connection, Self.stored(3, "ba"), expecting: request([2]))
                try connection.awaitClose()
            },
            { connection in
                try connection.hello()
                _ = try Self.answer(connection, Self.stored(4, "bốn"), expecting: request([3]))
                try connection.awaitClose()
            })
        let client = ArticleClient(endpoint: service.endpoint, options: Self.options())
        let read = try await Self.read(4, client.changes(from: .now, heartbeat: .milliseconds(100)))
        #expect(read.map(Self.words) == ["stored một", "stored hai", "stored ba", "stored bốn"])
        await client.close()
        try await service.finished()
    }

    @Test func beginsAnewIfTheCursorIsNoLongerKnown() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            let first = try Self.answer(
                connection, expecting: WatchRequest(cursor: [9], content: .none, heartbeatMs: 15_000))
            try connection.fail(first, .outOfRange, "the position is not known")
            let item = WatchItem(kind: .stored, cursor: [1], sequence: 1, id: Self.id(1), revision: 4, storedAt: 7)
            _ = try Self.answer(
                connection, item, Self.upToDate, expecting: WatchRequest(content: .none, heartbeatMs: 15_000))
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let read = try await Self.read(3, client.changes(from: .cursor([9]), content: .none))
        #expect(read.map(Self.words) == ["restarted", "stored ", "caught up"])
        #expect(read[0].cursor == [])
        #expect(read[1].event == .stored(Article(id: Self.id(1), revision: 4, storedAt: 7)))
        await client.close()
        try await service.finished()
    }

    @Test(arguments: [StatusCode.invalidArgument, .permissionDenied, .unimplemented, .failedPrecondition])
    func whatIsRefusedForGoodIsThrown(code: StatusCode) async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            let stream = try connection.receive(.request).header.stream
            try connection.send(.message, Self.stored(1, "một").encoded(), stream: stream)
            try connection.fail(stream, code, "no")
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        var iterator = client.changes(from: .beginning).makeAsyncIterator()
        #expect(try await iterator.next().map(Self.words) == "stored một")
        let error = await #expect(throws: ClientError.self) { try await iterator.next() }
        #expect(error?.status == code)
        await client.close()
        try await service.finished()
    }

    @Test func aServiceThatIsNotThereIsReported() async throws {
        let client = ArticleClient(endpoint: .unix(path: "/nonexistent/socket"))
        var iterator = client.changes(from: .now).makeAsyncIterator()
        let error = await #expect(throws: ClientError.self) { try await iterator.next() }
        #expect(error?.kind == .connection)
        await client.close()
    }

    @Test func endsWithItsTask() async throws {
        let isFollowing = Signal()
        let service = try ScriptedService { connection in
            try connection.hello()
            let stream = try connection.receive(.request).header.stream
            try connection.send(.message, Self.upToDate.encoded(), stream: stream)
            isFollowing.fire()
            guard try connection.receive(.cancel).header.stream == stream else { return }
            try? connection.fail(stream, .cancelled)
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let task = Task { () -> StatusCode? in
            do throws(ClientError) {
                var iterator = client.changes(from: .now).makeAsyncIterator()
                while try await iterator.next() != nil {}
                return nil
            } catch {
                return error.status
            }
        }
        await isFollowing.wait()
        task.cancel()
        #expect(await task.value == .cancelled)
        await client.close()
        try await service.finished()
    }
}
