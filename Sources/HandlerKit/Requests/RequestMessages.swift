public import ArticleProtocol

/// The messages of a streamed request, each encoded, in the client's order.
///
/// A message that is taken gives its credit back, and the client may send as much more. Ends with the client's last
/// message; throws what ended the request if that comes first.
public struct RequestMessages: AsyncSequence, Sendable {
    /// An encoded message.
    public typealias Element = [UInt8]
    /// What ended the request.
    public typealias Failure = ServiceError

    let state: CallState

    /// Takes messages, one at a time.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let state: CallState

        /// The next message; `nil` behind the last one.
        public mutating func next() async throws(ServiceError) -> [UInt8]? { try await state.nextMessage() }

        /// The next message; `nil` behind the last one.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ServiceError) -> [UInt8]? {
            try await state.nextMessage()
        }
    }

    /// Begins to take messages.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(state: state) }
}
