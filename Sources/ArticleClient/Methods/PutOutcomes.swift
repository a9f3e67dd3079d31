public import ArticleProtocol

/// What became of the articles of a streamed store, in the order in which the service is done with them. One task reads
/// it, to its end.
public struct PutOutcomes: AsyncSequence, Sendable {
    public typealias Element = PutManyOutcome
    public typealias Failure = any Error

    let upload: Upload

    public func makeAsyncIterator() -> Iterator { Iterator(upload: upload) }

    public struct Iterator: AsyncIteratorProtocol {
        let upload: Upload

        /// Throws ``ClientError``, or what the sequence of articles threw.
        public mutating func next() async throws -> PutManyOutcome? { try await upload.next() }
    }
}

/// What became of one article of a streamed store.
public struct PutManyOutcome: Sendable, Equatable {
    /// Which article of the sequence, from 0.
    public let index: UInt64
    /// What ``ArticleClient/put(_:expectedRevision:policy:)`` would have answered or thrown.
    public let result: Result<PutResult, ClientError>
}
