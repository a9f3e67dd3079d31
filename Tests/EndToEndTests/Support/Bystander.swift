// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

/// A well-behaved client beside those that are not: it must be served, whatever they do.
final class Bystander {
    private let connection: RawConnection
    private let hello: ServerHello
    private var stream: UInt32 = 0
    static let article = Article(
        url: "https://mic.gov.vn/bystander", source: "Mic.gov.vn", title: "Cần Thơ", body: "Đoạn một.",
        topics: [Topic(slug: "cong-nghe", score: 1)])

    /// Connects, and stores an article to be fetched.
    convenience init(_ service: Service) throws { try self.init(RawConnection(service.socketPath)) }

    init(_ connection: RawConnection) throws {
        self.connection = connection
        hello = try connection.greet()
        _ = try call("store.put", PutRequest(article: Self.article), PutResult.self)
    }

    /// Whether articled answers, and rightly.
    func isServed() throws -> Bool {
        let pong = try call("service.ping", PingRequest(payload: [1, 2, 3]), PingResult.self)
        let article = try call("fetch.get", GetRequest(url: Self.article.url), Article.self)
        return pong.payload == [1, 2, 3] && article.title == Self.article.title
    }

    /// Stores an article.
    func store(_ article: Article) throws { _ = try call("store.put", PutRequest(article: article), PutResult.self) }

    private func call<Response: ProtocolMessage>(
        _ method: String, _ message: some ProtocolMessage, _: Response.Type
    ) throws -> Response {
        stream += 1
        connection.send(Frames.request(try hello.number(method), message, stream: stream))
        let event = connection.next()
        guard case .frame(let header, let payload) = event, header.kind == .message, header.stream == stream else {
            throw RawConnection.Failed(what: "\(method) was not answered: \(event)")
        }
        return try Response(decoding: payload)
    }
}
