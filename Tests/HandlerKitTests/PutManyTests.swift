// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import HandlerKit
import Testing

@Suite struct PutManyTests {
    let newsroom: Newsroom

    init() throws { newsroom = try Newsroom() }

    private func results(_ request: TestRequest) throws -> [UInt64: PutManyResult] {
        var results: [UInt64: PutManyResult] = [:]
        for message in request.sent {
            let result = try PutManyResult(decoding: message)
            #expect(results[result.index] == nil)
            results[result.index] = result
        }
        return results
    }

    @Test func answersEachOne() async throws {
        let request = TestRequest(newsroom.loop, streamed: true)
        defer { request.close() }
        newsroom.store.handle("store.putMany", request)
        var bytes = 0
        for index in 0..<3000 {
            // Every seventh message is invalid.
            let message = index % 7 == 3 ? [0x0a, 9] : PutRequest(article: Article(title: "\(index)")).encoded()
            request.message(message)
            bytes += message.count + 16
            newsroom.loop.turn()
        }
        request.endMessages()
        #expect(await newsroom.loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.finished])
        #expect(request.violations == [])
        #expect(request.consumed == bytes)
        let results = try results(request)
        #expect(results.count == 3000)
        for (index, result) in results {
            #expect((result.status == nil) == (index % 7 != 3))
            #expect((result.result?.outcome == .created) == (index % 7 != 3))
            if let status = result.status { #expect(status.code == StatusCode.invalidArgument.rawValue) }
        }
    }

    @Test func aClientThatWaitsForEachAnswerGetsIt() async throws {
        let request = TestRequest(newsroom.loop, streamed: true)
        defer { request.close() }
        newsroom.store.handle("store.putMany", request)
        for index in 1...3 {
            request.message(PutRequest(article: Article(title: "\(index)")).encoded())
            #expect(await newsroom.loop.turn { request.sent.count == index })
        }
        request.endMessages()
        #expect(await newsroom.loop.turn { request.ends == [.finished] })
        #expect(request.violations == [])
    }

    @Test func aClientThatDoesNotReadIsHeldBack() async throws {
        let request = TestRequest(newsroom.loop, streamed: true, credit: 1)
        defer { request.close() }
        newsroom.store.handle("store.putMany", request)
        let message = PutRequest(article: Article(title: "a")).encoded()
        for _ in 0..<3000 { request.message(message) }
        // One result was sent, 1024 were not, and one more message was read and waits for room.
        #expect(await newsroom.loop.turn { request.consumed == 1026 * (message.count + 16) })
        newsroom.loop.turn()
        #expect(request.sent.count == 1)
        #expect(request.consumed == 1026 * (message.count + 16))
        request.grant(10_000_000)
        request.endMessages()
        #expect(await newsroom.loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.finished])
        #expect(request.sent.count == 3000)
        #expect(request.violations == [])
    }

    @Test(arguments: [true, false])
    func cancelledInTheMiddle(_ isBlocked: Bool) async throws {
        let request = TestRequest(newsroom.loop, streamed: true, credit: isBlocked ? 1 : .max)
        defer { request.close() }
        newsroom.store.handle("store.putMany", request)
        for _ in 0..<100 { request.message(PutRequest(article: Article(title: "a")).encoded()) }
        #expect(await newsroom.loop.turn { !request.sent.isEmpty })
        request.cancel(ARTICLED_UNAVAILABLE)
        #expect(await newsroom.loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.failed(14, "the connection went away")])
        newsroom.loop.turn()
        #expect(request.violations == [])
    }

    @Test func noMessagesAtAll() async throws {
        let request = TestRequest(newsroom.loop, streamed: true)
        defer { request.close() }
        newsroom.store.handle("store.putMany", request)
        request.endMessages()
        #expect(await newsroom.loop.turn { request.ends == [.finished] })
        #expect(request.sent.isEmpty)
    }
}
