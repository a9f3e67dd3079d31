// SPDX-License-Identifier: Apache-2.0
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
    /// The client reads the sequence only as fast as the service stores: at most 1024 articles and about 8 MiB are in
    /// flight. Each article has its own outcome; one that is refused does not stop the others. If the connection is
    /// lost, the client sends the unanswered articles again on the next connection. This does no harm: an article
    /// without id and URL gets an id in the client, and storing the same content twice changes nothing.
    ///
    /// - Parameters:
    ///   - articles: the articles. A task of the call reads them.
    ///   - policy: a deadline in it covers the whole upload. Without one there is no deadline.
    ///   - body: reads the outcomes, in the caller's task. If it returns or throws before their end, the rest is not
    ///     stored.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws. Reading the outcomes throws ``ClientError`` or the error of the sequence.
    public func put<Articles: AsyncSequence & Sendable, Success: Sendable>(
        contentsOf articles: Articles, policy: CallPolicy = CallPolicy(),
        outcomes body: (PutOutcomes) async throws -> Success
    ) async throws -> Success where Articles.Element == Article {
        try await put(contentsOf: articles.map { PutRequest(article: $0) }, policy: policy, outcomes: body)
    }

    /// Stores the articles of a collection, or of another sequence that does not wait, in one streamed call.
    ///
    /// The sequence is read only as fast as the service stores.
    public func put<Articles: Sequence & Sendable, Success: Sendable>(
        contentsOf articles: Articles, policy: CallPolicy = CallPolicy(),
        outcomes body: (PutOutcomes) async throws -> Success
    ) async throws -> Success where Articles.Element == Article {
        try await put(
            contentsOf: Immediate(articles).map { PutRequest(article: $0) }, policy: policy, outcomes: body)
    }

    /// Stores the articles of a collection with a condition for each.
    public func put<Requests: Sequence & Sendable, Success: Sendable>(
        contentsOf requests: Requests, policy: CallPolicy = CallPolicy(),
        outcomes body: (PutOutcomes) async throws -> Success
    ) async throws -> Success where Requests.Element == PutRequest {
        try await put(contentsOf: Immediate(requests), policy: policy, outcomes: body)
    }

    /// Stores a sequence of articles in one streamed call, with a condition for each article.
    ///
    /// An article with an expected revision is not sent again after a lost connection. Its outcome is then an error
    /// with ``ClientError/mayHaveRun``. With ``Retry/idempotent`` it is sent again; the caller must then treat the
    /// CONFLICT of a second attempt as a possible success.
    public func put<Requests: AsyncSequence & Sendable, Success: Sendable>(
        contentsOf requests: Requests, policy: CallPolicy = CallPolicy(),
        outcomes body: (PutOutcomes) async throws -> Success
    ) async throws -> Success where Requests.Element == PutRequest {
        let upload = Upload(client: self, policy: policy)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await upload.feed(requests) }
            defer {
                group.cancelAll()
                upload.cancel()
            }
            return try await body(PutOutcomes(upload: upload))
        }
    }
}

/// A sequence as an asynchronous one. It never waits.
private struct Immediate<Base: Sequence & Sendable>: AsyncSequence, Sendable where Base.Element: Sendable {
    typealias Element = Base.Element
    typealias Failure = Never

    private let base: Base

    init(_ base: Base) { self.base = base }

    func makeAsyncIterator() -> Iterator { Iterator(base: base.makeIterator()) }

    struct Iterator: AsyncIteratorProtocol {
        var base: Base.Iterator

        mutating func next() async -> Element? { base.next() }
    }
}

/// The outcomes of a streamed upload, in the order of completion. One task reads them, to their end.
public struct PutOutcomes: AsyncSequence, Sendable {
    /// The outcome of one article.
    public typealias Element = PutManyOutcome
    /// Reading throws ``ClientError``, or the error of the sequence of articles.
    public typealias Failure = any Error

    let upload: Upload

    /// Begins to read the outcomes.
    public func makeAsyncIterator() -> Iterator { Iterator(upload: upload) }

    /// Reads the outcomes.
    public struct Iterator: AsyncIteratorProtocol {
        let upload: Upload

        /// The next outcome; `nil` after the last one.
        ///
        /// - Throws: ``ClientError``, or the error of the sequence of articles.
        public mutating func next() async throws -> PutManyOutcome? { try await upload.next() }
    }
}

/// The outcome of one article of a streamed upload.
public struct PutManyOutcome: Sendable, Equatable {
    /// The index of the article in the sequence, from 0.
    public let index: UInt64
    /// The result that ``ArticleClient/put(_:expectedRevision:createdAt:policy:)`` would have returned or thrown.
    public let result: Result<PutResult, ClientError>
}
