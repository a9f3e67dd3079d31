// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Synchronization
import Testing

@Suite struct UploadTests {
    static func articles(_ count: Int) -> AsyncStream<Article> {
        AsyncStream { continuation in
            for number in 0..<count { continuation.yield(Article(title: "\(number)")) }
            continuation.finish()
        }
    }

    /// Answers each message of the stream and returns its credit. Returns the titles. Stops after `most` messages.
    static func answer(_ connection: ScriptedConnection, most: Int = .max) throws -> [String] {
        let stream = try connection.receive(.request).header.stream
        var titles: [String] = []
        while titles.count < most {
            let frame = try connection.receive()
            if frame.header.kind == .credit { continue }
            if frame.header.kind == .message {
                let request = try PutRequest(decoding: frame.payload)
                let outcome = PutManyResult(
                    index: UInt64(titles.count),
                    result: PutResult(outcome: .created, id: request.article?.id, revision: 1))
                try connection.send(.message, outcome.encoded(), stream: stream)
                try connection.send(.credit, Credit(bytes: UInt32(frame.payload.count + 16)).encoded(), stream: stream)
                titles.append(request.article?.title ?? "")
            }
            if frame.header.kind == .end || frame.header.flags.contains(.end) {
                try connection.send(.end, stream: stream)
                return titles
            }
        }
        return titles
    }

    /// Articles that are there already, and requests with a condition.
    @Test func anArrayIsASequenceToo() async throws {
        for isConditional in [false, true] {
            let service = try ScriptedService { connection in
                try connection.hello(window: 1000)
                guard try Self.answer(connection) == ["a", "b", "c"] else {
                    throw ScriptedConnection.Unexpected(description: "other articles")
                }
                try connection.awaitClose()
            }
            let client = ArticleClient(endpoint: service.endpoint)
            let articles = ["a", "b", "c"].map { Article(title: $0) }
            let requests = articles.map { PutRequest(article: $0, expectedRevision: 0) }
            let count: (PutOutcomes) async throws -> Int = { try await $0.reduce(0) { count, _ in count + 1 } }
            let outcomes =
                isConditional
                ? try await client.put(contentsOf: requests, outcomes: count)
                : try await client.put(contentsOf: articles, outcomes: count)
            #expect(outcomes == 3)
            await client.close()
            try await service.finished()
        }
    }

    /// The connection ends between its opening and the request, of which nothing is sent, though the first articles are
    /// taken for it.
    @Test func articlesOfARequestThatWasNotSentAreSentAgain() async throws {
        let (queued, done) = (Signal(), Signal())
        let service = try ScriptedService { connection in
            _ = try connection.receive(.hello)
            try queued.block()
            connection.refuseInput()
            try connection.answerHello()
            try done.block()
        } _: { connection in
            defer { done.fire() }
            try connection.hello()
            let titles = try Self.answer(connection)
            guard titles == (0..<500).map(String.init) else {
                throw ScriptedConnection.Unexpected(description: "\(titles.count) articles: \(titles.prefix(3))...")
            }
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let articles = Self.articles(500).map { article in
            if article.title == "100" { queued.fire() }  // by now those before it wait for the connection
            return article
        }
        let stored = try await client.put(contentsOf: articles) { outcomes in
            var stored: [UInt64] = []
            for try await outcome in outcomes where (try? outcome.result.get().outcome) == .created {
                stored.append(outcome.index)
            }
            return stored
        }
        #expect(stored.sorted() == Array(0..<500))
        await client.close()
        try await service.finished()
    }

    @Test func eachArticleHasAnOutcome() async throws {
        let service = try ScriptedService { connection in
            try connection.hello(window: 1000)
            let titles = try Self.answer(connection)
            guard titles == (0..<5000).map(String.init) else {
                throw ScriptedConnection.Unexpected(description: "\(titles.count) articles")
            }
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let indices = try await client.put(contentsOf: Self.articles(5000)) { outcomes in
            var indices: [UInt64] = []
            for try await outcome in outcomes {
                #expect(try outcome.result.get().outcome == .created)
                indices.append(outcome.index)
            }
            return indices
        }
        #expect(indices == (0..<5000).map { UInt64($0) })
        await client.close()
        try await service.finished()
    }

    @Test func unansweredArticlesAreSentAgain() async throws {
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                _ = try Self.answer(connection, most: 40)
            },
            { connection in
                try connection.hello()
                let titles = try Self.answer(connection)
                guard titles == (40..<100).map(String.init) else {
                    throw ScriptedConnection.Unexpected(description: "\(titles)")
                }
                try connection.awaitClose()
            })
        let client = ArticleClient(endpoint: service.endpoint)
        let count = try await client.put(contentsOf: Self.articles(100)) { outcomes in
            var seen: Set<UInt64> = []
            for try await outcome in outcomes { #expect(seen.insert(outcome.index).inserted) }
            return seen.count
        }
        #expect(count == 100)
        await client.close()
        try await service.finished()
    }

    @Test func afterGoAwayTheUploadMovesToAnotherConnection() async throws {
        let service = try ScriptedService(
            { connection in
                try connection.hello(window: 1)
                let stream = try connection.receive(.request).header.stream
                _ = try connection.receive(.message)
                try connection.send(
                    .goAway, Status(code: StatusCode.unavailable.rawValue, message: "restart").encoded())
                let outcome = PutManyResult(index: 0, result: PutResult(outcome: .created, revision: 1))
                try connection.send(.message, outcome.encoded(), stream: stream)
                try connection.send(.credit, Credit(bytes: 100_000).encoded(), stream: stream)
                // The client ends the stream although it has more to store.
                var count = 1
                while true {
                    let frame = try connection.receive()
                    if frame.header.kind == .message {
                        let outcome = PutManyResult(
                            index: UInt64(count), result: PutResult(outcome: .created, revision: 1))
                        try connection.send(.message, outcome.encoded(), stream: stream)
                        count += 1
                    }
                    if frame.header.kind == .end || frame.header.flags.contains(.end) { break }
                }
                try connection.send(.end, stream: stream)
                try connection.awaitClose()
            },
            { connection in
                try connection.hello()
                let titles = try Self.answer(connection)
                guard titles.last == "4999" else { throw ScriptedConnection.Unexpected(description: "\(titles)") }
                try connection.awaitClose()
            })
        let client = ArticleClient(endpoint: service.endpoint)
        let count = try await client.put(contentsOf: Self.articles(5000)) { outcomes in
            var seen: Set<UInt64> = []
            for try await outcome in outcomes { #expect(seen.insert(outcome.index).inserted) }
            return seen.count
        }
        #expect(count == 5000)
        await client.close()
        try await service.finished()
    }

    /// Answers each message with `outcome`, and END with END.
    static func answer(
        _ connection: ScriptedConnection, with outcome: (UInt64, PutRequest) -> PutManyResult
    ) throws {
        let stream = try connection.receive(.request).header.stream
        var index: UInt64 = 0
        while true {
            let frame = try connection.receive()
            if frame.header.kind == .message {
                let result = try outcome(index, PutRequest(decoding: frame.payload))
                try connection.send(.message, result.encoded(), stream: stream)
                index += 1
            }
            if frame.header.kind == .end || frame.header.flags.contains(.end) {
                return try connection.send(.end, stream: stream)
            }
        }
    }

    @Test func anArticleWhoseOutcomeIsUnknownIsSentAgainUnderItsId() async throws {
        let id = Mutex<ArticleID?>(nil)
        let service = try ScriptedService { connection in
            try connection.hello()
            try Self.answer(connection) { index, request in
                if request.article?.title == "1" { id.withLock { $0 = request.article?.id } }
                return request.article?.title == "1"
                    ? PutManyResult(index: index, status: Status(code: StatusCode.outcomeUnknown.rawValue))
                    : PutManyResult(index: index, result: PutResult(outcome: .created, revision: 1))
            }
            try Self.answer(connection) { index, request in
                request.article?.id == id.withLock { $0 } && request.article?.title == "1"
                    ? PutManyResult(index: index, result: PutResult(outcome: .unchanged, revision: 1))
                    : PutManyResult(index: index, status: Status(code: StatusCode.invalidArgument.rawValue))
            }
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let outcomes = try await client.put(contentsOf: Self.articles(3)) { outcomes in
            var all: [UInt64: PutOutcome] = [:]
            for try await outcome in outcomes { all[outcome.index] = try outcome.result.get().outcome }
            return all
        }
        #expect(outcomes == [0: .created, 1: .unchanged, 2: .created])
        #expect(id.withLock { $0 } != nil)
        await client.close()
        try await service.finished()
    }

    /// The storage does not recover. Each attempt counts, and the error does not claim that nothing was changed.
    @Test(arguments: [StatusCode.outcomeUnknown, .unavailable])
    func anOutcomeThatStaysUnknownIsAnError(last: StatusCode) async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            for code in [StatusCode.outcomeUnknown, last] {
                try Self.answer(connection) { index, _ in
                    PutManyResult(index: index, status: Status(code: code.rawValue))
                }
            }
            try connection.awaitClose()
        }
        var options = ClientOptions()
        options.maxAttempts = 2
        let client = ArticleClient(endpoint: service.endpoint, options: options)
        let errors = try await client.put(contentsOf: Self.articles(1)) { outcomes in
            var errors: [ClientError] = []
            for try await outcome in outcomes {
                if case .failure(let error) = outcome.result { errors.append(error) }
            }
            return errors
        }
        #expect(errors.map(\.status) == [last])
        #expect(errors.map(\.mayHaveRun) == [true])
        await client.close()
        try await service.finished()
    }

    @Test func anArticleWithAConditionIsNotSentAgain() async throws {
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                _ = try connection.receive(.request)
                _ = try connection.receive(.message)
            },
            { connection in
                try connection.hello()
                let titles = try Self.answer(connection)
                guard titles.isEmpty else { throw ScriptedConnection.Unexpected(description: "\(titles)") }
                try connection.awaitClose()
            })
        let client = ArticleClient(endpoint: service.endpoint)
        let requests = AsyncStream<PutRequest> { continuation in
            continuation.yield(PutRequest(article: Article(title: "x"), expectedRevision: 3))
            continuation.finish()
        }
        try await client.put(contentsOf: requests) { outcomes in
            for try await outcome in outcomes {
                guard case .failure(let error) = outcome.result else {
                    Issue.record("\(outcome)")
                    continue
                }
                #expect(error.mayHaveRun)
            }
        }
        await client.close()
        try await service.finished()
    }

    @Test func anArticleWithAConditionIsSentAgainIfTheCallerAllowsIt() async throws {
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                _ = try connection.receive(.request)
                _ = try connection.receive(.message)
            },
            { connection in
                try connection.hello()
                let titles = try Self.answer(connection)
                guard titles == ["x"] else { throw ScriptedConnection.Unexpected(description: "\(titles)") }
                try connection.awaitClose()
            })
        let client = ArticleClient(endpoint: service.endpoint)
        let requests = AsyncStream<PutRequest> { continuation in
            continuation.yield(PutRequest(article: Article(title: "x"), expectedRevision: 0))
            continuation.finish()
        }
        let policy = CallPolicy(retry: .idempotent)
        let outcomes = try await client.put(contentsOf: requests, policy: policy) { outcomes in
            var all: [PutOutcome] = []
            for try await outcome in outcomes { all.append(try outcome.result.get().outcome) }
            return all
        }
        #expect(outcomes == [.created])
        await client.close()
        try await service.finished()
    }
}
