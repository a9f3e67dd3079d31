// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import IndexFollowing
internal import WorkerThreads

extension Duplicates {
    private static let maxLimit: UInt32 = 100
    /// The most articles that are read and compared as a whole.
    private static let maxRead = 256

    /// duplicates.of
    func duplicates(_ request: DuplicatesRequest) async throws -> DuplicatesResult {
        guard request.limit <= Self.maxLimit else {
            throw ServiceError(
                .invalidArgument, "limit: \(request.limit); at most \(Self.maxLimit) articles are returned")
        }
        let limit = request.limit == 0 ? 20 : Int(request.limit)
        let threshold = try threshold(request.threshold)
        let article = try await subject(request)
        let texts =
            article.map { [$0.document.title, $0.document.summary, $0.document.body] }
            ?? [request.title, request.summary, request.body]
        let least = Signature.leastEstimate(for: threshold)
        let (shingles, candidates) = try await looking { (snapshot) throws(IndexError) in
            let shingles = Shingles(texts)
            guard let signature = Signature(shingles) else { return (shingles, [IndexSnapshot.Candidate]()) }
            return (shingles, try snapshot.candidates(signature, leastEstimate: least))
        }
        let ids = candidates.map(\.id).filter { $0 != article?.document.id }
        var found: [Duplicate] = []
        try await compare(Array(ids.prefix(Self.maxRead)), with: shingles, threshold) { article, similarity in
            found.append(article.duplicate(similarity))
        }
        var result = DuplicatesResult(
            more: found.count > limit || ids.count > Self.maxRead, incomplete: !following.isComplete)
        // The most similar ones, and of equal ones the earliest.
        found.sort { one, other in
            one.similarity == other.similarity ? Duplicate.isEarlier(one, other) : one.similarity > other.similarity
        }
        result.duplicates = found.prefix(limit).sorted(by: Duplicate.isEarlier)
        let own = article.map { $0.duplicate(1) }
        result.first = (result.duplicates + (own.map { [$0] } ?? [])).min(by: Duplicate.isEarlier)?.id
        return result
    }

    /// The stored article that is asked for; nil if it is a text.
    private func subject(_ request: DuplicatesRequest) async throws(ServiceError) -> ComparedArticle? {
        let hasText = !request.title.isEmpty || !request.summary.isEmpty || !request.body.isEmpty
        guard let key = request.key else {
            guard hasText else { throw ServiceError(.invalidArgument, "a key, or a title, summary or body, is needed") }
            return nil
        }
        guard !hasText else {
            throw ServiceError(.invalidArgument, "key: there is a text, too; only one of them can be compared")
        }
        guard let article = try await read(key) else { throw ServiceError(.notFound, "there is no such article") }
        return article
    }
}
