public import ArticleProtocol

extension ArticleClient {
    /// Stores a sequence of articles in one streamed call, much faster than one by one.
    ///
    /// ```swift
    /// try await client.put(contentsOf: articles) { outcomes in
    ///     for try await outcome in outcomes { print(outcome.index, outcome.result) }
    /// }
    /// ```
    ///
    /// The sequence is read only as fast as the service stores: at most ``Upload/mostUnanswered`` articles are under way.
    /// Each is answered for itself; one that is refused does not stop the others. If the connection is lost, what was
    /// not answered is sent again on the next one, which does no harm: an article without id and URL gets an id here, and
    /// storing the same content twice changes nothing. A deadline in the policy is that of the whole; without
    /// one there is none. When `body` returns or throws before the end, the rest is not stored.
    public func put<Articles: AsyncSequence & Sendable, Success: Sendable>(
        contentsOf articles: Articles, policy: CallPolicy = CallPolicy(),
        outcomes body: (PutOutcomes) async throws -> Success
    ) async throws -> Success where Articles.Element == Article {
        try await put(contentsOf: articles.map { PutRequest(article: $0) }, policy: policy, outcomes: body)
    }

    /// The same with a condition for each article. One with an expected revision is not sent again after a lost
    /// connection: its outcome is then an error with ``ClientError/mayHaveRun``; but it is with ``Retry/idempotent``, for who takes
    /// the CONFLICT that the second may find for success.
    public func put<Requests: AsyncSequence & Sendable, Success: Sendable>(
        contentsOf requests: Requests, policy: CallPolicy = CallPolicy(),
        outcomes body: (PutOutcomes) async throws -> Success
    ) async throws -> Success where Requests.Element == PutRequest {
        let upload = Upload(client: self, policy: policy)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await upload.feed(requests) }
            defer {
                group.cancelAll()
                upload.abandon()
            }
            return try await body(PutOutcomes(upload: upload))
        }
    }
}

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
