// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

/// More than 10,000 inputs that no good client sends, to the real articled: another connection goes on being served,
/// and memory stays bounded.
@Suite(.serialized) struct MalformedInputTests {
    /// What articled may gain in private memory while it is sent nonsense, in bytes.
    private static let allowance = 96 << 20

    @Test func tenThousandInputs() throws {
        let service = try Service()
        let bystander = try Bystander(service)
        let methods = try RawConnection(service.socketPath).greet()
        let before = try service.privateMemory
        var source = MalformedInputs(session: try session(methods), methods: methods)
        var count = 0
        while let input = source.next() {
            let connection = try RawConnection(service.socketPath)
            connection.send(input)
            connection.endSending()
            #expect(
                connection.drain(), "input \(count), \(input.count) bytes, was neither answered nor closed: \(input)")
            count += 1
            if count % 100 == 0 { #expect(try bystander.isServed(), "after \(count) inputs") }
        }
        #expect(count >= 10_000)
        #expect(service.isRunning)
        #expect(try bystander.isServed())
        #expect(try service.privateMemory - before < Self.allowance)
    }

    /// A session that uses every kind of frame and most methods.
    private func session(_ hello: ServerHello) throws -> [[UInt8]] {
        let article = Article(
            url: "https://mic.gov.vn/x", title: "Một", body: "Hai", topics: [Topic(slug: "a", score: 0.5)],
            attributes: ["b": "c"])
        let many = try hello.number("store.putMany")
        return [
            Frames.hello(),
            Frames.request(try hello.number("service.ping"), PingRequest(payload: [1]), stream: 1),
            Frames.request(try hello.number("store.put"), PutRequest(article: article), stream: 2),
            Frames.frame(.request, method: many, stream: 3),
            Frames.frame(.message, PutRequest(article: article).encoded(), stream: 3),
            Frames.frame(.ping, [7]),
            Frames.request(try hello.number("fetch.get"), GetRequest(url: article.url), stream: 4),
            Frames.frame(.credit, Credit(bytes: 100).encoded(), stream: 3),
            Frames.frame(.end, stream: 3),
            Frames.frame(
                .request, [2, 0x08, 100] + ListRequest(topic: "a", limit: 3).encoded(), flags: [.end, .options],
                method: try hello.number("fetch.list"), stream: 5),
            Frames.frame(.cancel, stream: 5),
            Frames.frame(FrameKind(rawValue: 77), [1, 2, 3], flags: FrameFlags(rawValue: 255), stream: 9),
            Frames.request(
                try hello.number("fetch.getMany"), GetManyRequest(keys: [ArticleKey(url: "a:b"), ArticleKey()]),
                stream: 6),
            Frames.request(
                try hello.number("store.delete"), DeleteRequest(key: ArticleKey(url: article.url)), stream: 7),
            Frames.frame(.goAway, Status(code: 0).encoded()),
        ]
    }
}
