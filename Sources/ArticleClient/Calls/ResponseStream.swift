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
