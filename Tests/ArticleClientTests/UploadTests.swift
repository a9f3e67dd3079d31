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

    private struct Cut: Error {}

    /// The sequence's error is told, though the stream before has just ended well because the service is about to stop.
    @Test func theErrorOfTheSequenceIsNotLostWhenTheServiceStops() async throws {
        let (isSent, isOver) = (Signal(), Signal())
        let service = try ScriptedService { connection in
            try connection.hello()
            let stream = try connection.receive(.request).header.stream
            let first = try connection.receive(.message)
            try connection.send(.goAway, Status(code: StatusCode.unavailable.rawValue, message: "stopping").encoded())
            let id = try PutRequest(decoding: first.payload).article?.id
            let stored = PutResult(outcome: .created, id: id, revision: 1)
            try connection.send(.message, PutManyResult(index: 0, result: stored).encoded(), stream: stream)
            while try connection.receive().header.kind != .end {}
            try connection.send(.end, stream: stream)
            isSent.fire()
            try isOver.block()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let source = AsyncThrowingStream<Article, any Error> { continuation in
            continuation.yield(Article(title: "0"))
            Task {
                await isSent.wait()
                continuation.finish(throwing: Cut())
            }
        }
        await #expect(throws: Cut.self) {
            try await client.put(contentsOf: source) { outcomes in
                for try await _ in outcomes {
                    await isSent.wait()
                    try await Task.sleep(for: .milliseconds(100))  // by now the sequence has failed
                }
            }
        }
        isOver.fire()
        await client.close()
        try await service.finished()
    }

    /// The sequence waits for the outcome of an article that the client itself refuses.
    @Test(.timeLimit(.minutes(2))) func anOutcomeOfTheClientComesAtOnce() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            while try Self.answer(connection) != ["small"] {}
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let told = Signal()
        let (articles, source) = AsyncStream<Article>.makeStream()
        source.yield(Article(title: "large", body: String(repeating: "x", count: Limits.body + 1)))
        Task {
            await told.wait()
            source.yield(Article(title: "small"))
            source.finish()
        }
        let stored = try await client.put(contentsOf: articles) { outcomes in
            var stored: [Bool] = []
            for try await outcome in outcomes {
                stored.append((try? outcome.result.get()) != nil)
                told.fire()
            }
            return stored
        }
        #expect(stored == [false, true])
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

    @Test func theSequencesOwnErrorReachesTheCaller() async throws {
        struct Torn: Error {}
        let asked = Signal()
        let service = try ScriptedService { connection in
            try connection.hello()
            let stream = try connection.receive(.request).header.stream
            asked.fire()
            while try connection.receive().header.kind != .cancel {}
            try? connection.fail(stream, .cancelled)  // the client may have left already
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let articles = AsyncThrowingStream<Article, any Error> { continuation in
            continuation.yield(Article(title: "x"))
            // Not before there is something to cancel.
            Task {
                await asked.wait()
                continuation.finish(throwing: Torn())
            }
        }
        await #expect(throws: Torn.self) {
            try await client.put(contentsOf: articles) { outcomes in for try await _ in outcomes {} }
        }
        await client.close()
        try await service.finished()
    }

    @Test func returningEarlyStopsTheUpload() async throws {
        let service = try ScriptedService { connection in
            try connection.hello(window: 100)
            let stream = try connection.receive(.request).header.stream
            _ = try connection.receive(.message)
            let outcome = PutManyResult(index: 0, result: PutResult(outcome: .created, revision: 1))
            try connection.send(.message, outcome.encoded(), stream: stream)
            while try connection.receive().header.kind != .cancel {}
            try? connection.fail(stream, .cancelled)  // the client may have left already
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        try await client.put(contentsOf: Self.articles(10_000)) { outcomes in
            for try await _ in outcomes { break }
        }
        await client.close()
        try await service.finished()
    }

    /// An article that no service would accept is not sent, and does not stop the others.
    @Test func anArticleBeyondTheLimitsFailsInTheClient() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            let titles = try Self.answer(connection)
            guard titles == ["good", "good"] else {
                throw ScriptedConnection.Unexpected(description: "\(titles)")
            }
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let bad = Article(title: String(repeating: "a", count: Limits.title + 1))
        let articles = AsyncStream<Article> { continuation in
            for article in [Article(title: "good"), bad, Article(title: "good"), bad] { continuation.yield(article) }
            continuation.finish()
        }
        let refused = try await client.put(contentsOf: articles) { outcomes in
            var refused: [UInt64] = []
            for try await outcome in outcomes {
                guard case .failure(let error) = outcome.result else { continue }
                #expect(error.kind == .invalidRequest)
                refused.append(outcome.index)
            }
            return refused
        }
        #expect(refused.sorted() == [1, 3])
        await client.close()
        try await service.finished()
    }

    @Test func aSingleArticleBeyondTheLimitsIsNotSent() async throws {
        let client = ArticleClient(endpoint: .unix(path: "/nonexistent"))  // nothing is asked of it
        for (article, field) in [
            (Article(title: String(repeating: "a", count: Limits.title + 1)), "title"),
            (Article(url: String(repeating: "a", count: Limits.url + 1)), "url"),
            (Article(publishedAt: .max), "published_at"),
            (Article(body: String(repeating: "a", count: Limits.body + 1)), "body"),
        ] {
            let error = await #expect(throws: ClientError.self) { try await client.put(article) }
            #expect(error?.kind == .invalidRequest)
            #expect(error?.status == .invalidArgument)
            #expect(error?.mayHaveRun == false)
            #expect(error?.message.hasPrefix("store.put: \(field)") == true, "\(error?.message ?? "")")
        }
        await client.close()
    }
}
