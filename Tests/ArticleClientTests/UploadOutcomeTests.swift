// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Synchronization
import Testing

/// Outcomes that the client itself decides, and errors of the sequence.
@Suite struct UploadOutcomeTests {
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
            while try UploadTests.answer(connection) != ["small"] {}
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
        try await client.put(contentsOf: UploadTests.articles(10_000)) { outcomes in
            for try await _ in outcomes { break }
        }
        await client.close()
        try await service.finished()
    }

    /// An article that no service would accept is not sent, and does not stop the others.
    @Test func anArticleBeyondTheLimitsFailsInTheClient() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            let titles = try UploadTests.answer(connection)
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
