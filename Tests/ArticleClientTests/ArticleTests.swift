// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Synchronization
import Testing

@Suite struct ArticleTests {
    /// A response of the service: the writer's bytes, then the service's.
    static func stored(_ article: Article, revision: UInt64 = 1) -> [UInt8] {
        let content = article.encoded()
        let trailer = Article(
            id: ArticleID.generate(), revision: revision, createdAt: 1, storedAt: 2,
            contentChecksum: CRC32C.checksum(content), contentSize: UInt32(content.count))
        return content + trailer.encoded()
    }

    static func item(_ field: UInt32, _ bytes: [UInt8], _ rest: [UInt8]) -> [UInt8] {
        var writer = WireWriter()
        writer.write(bytes, at: field)
        return writer.bytes + rest
    }

    /// An article without id and URL gets an id before it is first sent, so that a second attempt stores the same article.
    @Test func aPutWhoseOutcomeIsUnknownIsSentAgainUnderItsId() async throws {
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                let first = try connection.receive(.request)
                try connection.fail(first.header.stream, .outcomeUnknown)
                let second = try connection.receive(.request)
                guard first.message == second.message, try PutRequest(decoding: first.message).article?.id != nil else {
                    throw ScriptedConnection.Unexpected(description: "another article the second time")
                }
                // The connection is lost, without an answer.
            },
            { connection in
                try connection.hello()
                let third = try connection.receive(.request)
                let id = try PutRequest(decoding: third.message).article?.id
                let result = PutResult(outcome: .unchanged, id: id, revision: 1)
                try connection.send(.message, result.encoded(), flags: .end, stream: third.header.stream)
                try connection.fail(connection.receive(.request).header.stream, .outcomeUnknown)
                try connection.awaitClose()
            })
        let client = ArticleClient(endpoint: service.endpoint)
        #expect(try await client.put(Article(title: "a")).outcome == .unchanged)
        // With a condition the second would find its own first in the way.
        let error = await #expect(throws: ClientError.self) {
            try await client.put(Article(title: "b"), expectedRevision: 0)
        }
        #expect(error?.status == .outcomeUnknown && error?.mayHaveRun == true)
        await client.close()
        try await service.finished()
    }

    /// Whatever the service's method table says: a second write-back may undo a change in between.
    @Test func aWriteBackIsNotSentAgain() async throws {
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                _ = try connection.receive(.request)
            },
            { connection in
                try connection.hello()
                let request = try connection.receive(.request)
                guard try ClassifyArticleRequest(decoding: request.message).writeBack == false else {
                    throw ScriptedConnection.Unexpected(description: "the write-back was sent again")
                }
                try connection.send(.message, [], flags: .end, stream: request.header.stream)
                try connection.awaitClose()
            })
        let client = ArticleClient(endpoint: service.endpoint)
        let key = ArticleKey(id: .generate())
        let error = await #expect(throws: ClientError.self) { try await client.classify(key, writeBack: true) }
        #expect(error?.mayHaveRun == true)
        _ = try await client.classify(key)
        await client.close()
        try await service.finished()
    }

    @Test func aFetchedArticleIsCheckedAgainstItsOwnChecksum() async throws {
        let good = Self.stored(Article(title: "Cần Thơ", body: "Đẩy mạnh ứng dụng"))
        let service = try ScriptedService { connection in
            try connection.hello()
            try connection.send(.message, good, flags: .end, stream: connection.receive(.request).header.stream)
            var bad = good
            bad[5] ^= 1  // the frame's own checksum is right: the byte flipped before
            try connection.send(.message, bad, flags: .end, stream: connection.receive(.request).header.stream)
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let id = ArticleID.generate()
        #expect(try await client.get(id: id).title == "Cần Thơ")
        let error = await #expect(throws: ClientError.self) { try await client.get(id: id) }
        #expect(error?.status == .dataLoss)
        await client.close()
        try await service.finished()
    }

    @Test func aListContinuesAfterALostConnection() async throws {
        @Sendable func items(_ numbers: Range<Int>, _ connection: ScriptedConnection, _ stream: UInt32) throws {
            for number in numbers {
                let article = Self.stored(Article(title: "\(number)"))
                let cursor = ListItem(cursor: [UInt8(number)]).encoded()
                try connection.send(.message, Self.item(1, article, cursor), stream: stream)
            }
        }
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                let request = try connection.receive(.request)
                guard try ListRequest(decoding: request.message).limit == 5 else {
                    throw ScriptedConnection.Unexpected(description: "the limit")
                }
                try items(0..<3, connection, request.header.stream)
            },
            { connection in
                try connection.hello()
                let frame = try connection.receive(.request)
                let request = try ListRequest(decoding: frame.message)
                guard request.cursor == [2], request.limit == 2, request.topic == "kinh-doanh" else {
                    throw ScriptedConnection.Unexpected(description: "\(request)")
                }
                try items(3..<5, connection, frame.header.stream)
                try connection.send(.end, stream: frame.header.stream)
                try connection.awaitClose()
            })
        let client = ArticleClient(endpoint: service.endpoint)
        var titles: [String] = []
        for try await listed in client.list(topic: "kinh-doanh", limit: 5, view: .full) {
            titles.append(listed.article.title)
        }
        #expect(titles == ["0", "1", "2", "3", "4"])
        await client.close()
        try await service.finished()
    }

    /// At a damaged or too large article the list ends, unless it skips such articles.
    @Test func aListSkipsUnavailableArticlesOnRequest() async throws {
        @Sendable func serve(_ connection: ScriptedConnection) throws {
            try connection.hello()
            let stream = try connection.receive(.request).header.stream
            var bad = Self.stored(Article(title: "flipped"))
            bad[3] ^= 1
            try connection.send(.message, Self.item(1, bad, ListItem(cursor: [1]).encoded()), stream: stream)
            let status = Status(code: StatusCode.resourceExhausted.rawValue, message: "too large")
            try connection.send(.message, ListItem(cursor: [2], status: status).encoded(), stream: stream)
            let good = Self.stored(Article(title: "good"))
            try connection.send(.message, Self.item(1, good, ListItem(cursor: [3]).encoded()), stream: stream)
            try connection.send(.end, stream: stream)
            try connection.awaitClose()
        }
        let service = try ScriptedService({ try serve($0) }, { try serve($0) })
        let first = ArticleClient(endpoint: service.endpoint)
        let error = await #expect(throws: ClientError.self) { for try await _ in first.list(view: .full) {} }
        #expect(error?.status == .dataLoss)
        await first.close()
        let second = ArticleClient(endpoint: service.endpoint)
        let skipped = Mutex<[StatusCode]>([])
        var titles: [String] = []
        let list = second.list(view: .full).skipping { error in skipped.withLock { $0.append(error.status) } }
        for try await listed in list { titles.append(listed.article.title) }
        #expect(titles == ["good"])
        #expect(skipped.withLock { $0 } == [.dataLoss, .resourceExhausted])
        await second.close()
        try await service.finished()
    }

    @Test func eachKeyOfGetManyHasAResult() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            let frame = try connection.receive(.request)
            let keys = try GetManyRequest(decoding: frame.message).keys
            let stream = frame.header.stream
            try connection.send(.message, Self.item(2, Self.stored(Article(title: keys[0].url)), []), stream: stream)
            let missing = GetManyItem(index: 1, status: Status(code: StatusCode.notFound.rawValue, message: "gone"))
            try connection.send(.message, missing.encoded(), stream: stream)
            var bad = Self.stored(Article(title: "flipped"))
            bad[3] ^= 1
            try connection.send(.message, Self.item(2, bad, []), stream: stream)
            try connection.send(.end, stream: stream)
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        var results: [Result<Article, ClientError>] = []
        for try await result in client.getMany([ArticleKey(url: "a"), ArticleKey(url: "b"), ArticleKey(url: "c")]) {
            results.append(result)
        }
        #expect(results.count == 3)
        #expect(try results.first?.get().title == "a")
        #expect(throws: ClientError.self) { try results[1].get() }
        #expect(throws: ClientError.self) { try results[2].get() }
        await client.close()
        try await service.finished()
    }

    @Test func aPutIsSentAgainUnderTheSameIdUnlessItHasACondition() async throws {
        let seen = Seen()
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                seen.add(try PutRequest(decoding: connection.receive(.request).message).article?.id)
            },
            { connection in
                try connection.hello()
                let request = try connection.receive(.request)
                seen.add(try PutRequest(decoding: request.message).article?.id)
                let result = PutResult(outcome: .created, id: seen.ids.last ?? nil, revision: 1)
                try connection.send(.message, result.encoded(), flags: .end, stream: request.header.stream)
                _ = try connection.receive(.request)
            })
        let client = ArticleClient(endpoint: service.endpoint)
        let result = try await client.put(Article(title: "x"))
        #expect(result.id?.isVersion7 == true)
        #expect(seen.ids.count == 2 && seen.ids[0] == seen.ids[1])
        let error = await #expect(throws: ClientError.self) {
            try await client.put(Article(title: "x"), expectedRevision: 0)
        }
        #expect(error?.mayHaveRun == true)
        await client.close()
        try await service.finished()
    }
}
