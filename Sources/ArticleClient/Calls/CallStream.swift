/// One call with streamed messages in one direction or both. It is cancelled when it is dropped before its end.
public final class CallStream: Sendable {
    private let client: ArticleClient
    private let exchange: Exchange

    init(client: ArticleClient, exchange: Exchange) {
        self.client = client
        self.exchange = exchange
    }

    deinit { exchange.cancel(client.mailbox) }

    /// Sends a message of the request. Suspends while the service has granted no credit and enough waits already.
    public func send(_ message: [UInt8]) async throws(ClientError) {
        try enqueue(message)
        try await roomForMore()
    }

    /// Says that no message follows.
    public func finish() { exchange.finishSending(client.mailbox) }

    /// The next message of the response; `nil`: it is complete. One task at a time.
    public func next() async throws(ClientError) -> [UInt8]? { try await exchange.next(client.mailbox) }

    /// Ends the call at once; the service is told to stop.
    public func cancel() { exchange.cancel(client.mailbox) }

    /// The service wants to stop: whoever can go on elsewhere should.
    var isLeaving: Bool { exchange.isLeaving }

    /// Puts a message behind those to be sent, whatever waits there already.
    func enqueue(_ message: [UInt8]) throws(ClientError) { try exchange.enqueue(message, client.mailbox) }

    /// Suspends while too much waits to be sent.
    func roomForMore() async throws(ClientError) { try await exchange.roomForMore(client.mailbox) }
}

/// The messages of a streamed response, in order. Each iteration makes the call anew.
public struct ResponseStream<Element: Sendable>: AsyncSequence, Sendable {
    public typealias Failure = ClientError

    let client: ArticleClient
    let method: String
    let request: [UInt8]
    let policy: CallPolicy
    let decode: @Sendable ([UInt8]) throws(ClientError) -> Element

    public func makeAsyncIterator() -> Iterator {
        Iterator(
            call: CallStream(
                client: client, exchange: client.begin(method, .streamedResponse, request, policy)), decode: decode)
    }

    /// One call. It is cancelled when the iterator is dropped before the end.
    public struct Iterator: AsyncIteratorProtocol {
        let call: CallStream
        let decode: @Sendable ([UInt8]) throws(ClientError) -> Element

        public mutating func next() async throws(ClientError) -> Element? {
            guard let message = try await call.next() else { return nil }
            return try decode(message)
        }
    }
}
