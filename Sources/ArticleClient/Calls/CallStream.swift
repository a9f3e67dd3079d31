// SPDX-License-Identifier: Apache-2.0
/// A call with a streamed request, and one response message or a streamed response.
///
/// The call is cancelled if the stream is released before its end. Sending and reading may happen in different tasks.
public final class CallStream: Sendable {
    private let client: ArticleClient
    private let exchange: Exchange

    init(client: ArticleClient, exchange: Exchange) {
        self.client = client
        self.exchange = exchange
    }

    deinit { exchange.cancel(client.mailbox) }

    /// Sends an encoded message of the request. Suspends while the service grants no credit and enough messages wait.
    public func send(_ message: [UInt8]) async throws(ClientError) {
        try enqueue(message)
        try await roomForMore()
    }

    /// Ends the request. No message may follow.
    public func finish() { exchange.finishSending(client.mailbox) }

    /// The next encoded message of the response; `nil` at its end. Only one task at a time may wait here.
    public func next() async throws(ClientError) -> [UInt8]? { try await exchange.next(client.mailbox) }

    /// Cancels the call at once, and tells the service to stop the work.
    public func cancel() { exchange.cancel(client.mailbox) }

    /// The service is stopping. A stream that can continue on another connection should.
    var isDraining: Bool { exchange.isDraining }

    /// The index of the endpoint that serves the call; `nil`: it was not sent yet.
    var upstream: Int? { exchange.upstream }

    /// Queues a message, however many are queued already.
    func enqueue(_ message: [UInt8]) throws(ClientError) { try exchange.enqueue(message, client.mailbox) }

    /// Suspends while too many bytes are queued.
    func roomForMore() async throws(ClientError) { try await exchange.roomForMore(client.mailbox) }
}

/// The messages of a streamed response, in order. Each iteration makes the call once.
public struct ResponseStream<Element: Sendable>: AsyncSequence, Sendable {
    /// Reading throws ``ClientError`` and nothing else.
    public typealias Failure = ClientError

    let client: ArticleClient
    let method: String
    let request: [UInt8]
    let policy: CallPolicy
    let decode: @Sendable ([UInt8]) throws(ClientError) -> Element

    /// Makes the call.
    public func makeAsyncIterator() -> Iterator {
        Iterator(
            call: CallStream(
                client: client, exchange: client.begin(method, .streamedResponse, request, policy)), decode: decode)
    }

    /// One call. It is cancelled if the iterator is released before the end.
    public struct Iterator: AsyncIteratorProtocol {
        let call: CallStream
        let decode: @Sendable ([UInt8]) throws(ClientError) -> Element

        /// The next message; `nil` at the end of the response.
        public mutating func next() async throws(ClientError) -> Element? {
            guard let message = try await call.next() else { return nil }
            return try decode(message)
        }
    }
}
