// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import HandlerKit
internal import IndexFollowing
internal import SearchText
internal import WorkerThreads

extension Search {
    private static let maxSuggestions: UInt32 = 20
    private static let defaultSuggestions = 8
    /// Titles that suggestions are taken from.
    private static let titles = 60

    /// search.suggest.
    func suggest(_ call: Call) async throws -> SuggestResult {
        let request = try SuggestRequest(decoding: call.payload)
        guard request.limit <= Self.maxSuggestions else {
            throw ServiceError(
                .invalidArgument, "limit: \(request.limit); at most \(Self.maxSuggestions) suggestions are returned")
        }
        let numbered = try await snapshot()
        var answer = SuggestResult(incomplete: !follower.isComplete)
        guard let completions = Completions(request.query) else { return answer }
        let search = SnapshotRequest(
            query: completions.query, limit: Self.titles, recency: 1, now: clinux_wall_clock_ms(),
            deadline: call.deadline?.nanoseconds ?? 0)
        let found = try await searching { () throws(IndexError) in try numbered.snapshot.search(search) }
        var titles: [String] = []
        for hit in found.hits {
            _ = try await storage.read(id: hit.id) { record in
                if let document = try? IndexDocument(record) { titles.append(document.title) }
            }
        }
        let most = request.limit == 0 ? Self.defaultSuggestions : Int(request.limit)
        answer.suggestions = try await workers.run { [titles] in completions.suggestions(from: titles, most: most) }
        return answer
    }

    /// search.related. Returns the encoded answer.
    func related(_ call: Call) async throws -> [UInt8] {
        let request = try RelatedRequest(decoding: call.payload)
        let (limit, snippetBytes) = try CheckedRequest.sizes(limit: request.limit, snippetBytes: request.snippetBytes)
        let search = RelatedSnapshotRequest(
            document: try await document(of: request), isStored: request.key != nil, limit: limit,
            deadline: call.deadline?.nanoseconds ?? 0)
        let numbered = try await snapshot()
        let found = try await searching { () throws(IndexError) in try numbered.snapshot.related(search) }
        return try await encoded(
            SearchResult(total: found.total, incomplete: !follower.isComplete), found.hits,
            Highlighter(SearchQuery()), snippetBytes: snippetBytes, articles: request.articles)
    }

    /// What a request asks for articles about.
    private func document(of request: RelatedRequest) async throws(ServiceError) -> IndexDocument {
        guard let key = request.key else {
            guard !request.title.isEmpty || !request.body.isEmpty else {
                throw ServiceError(.invalidArgument, "a key, or a title or body, is needed")
            }
            return IndexDocument(id: ArticleID(high: 0, low: 0), time: 0, title: request.title, body: request.body)
        }
        guard request.title.isEmpty, request.body.isEmpty else {
            throw ServiceError(.invalidArgument, "key: there is a text, too; only one of them can be looked for")
        }
        guard (key.id == nil) != key.url.isEmpty else {
            throw ServiceError(.invalidArgument, "key: exactly one of id and url is needed")
        }
        var document: Result<IndexDocument, ServiceError>?
        func read(_ record: borrowing StoredRecord) {
            do throws(ServiceError) {
                document = .success(try IndexDocument(record))
            } catch {
                document = .failure(error)
            }
        }
        let isThere =
            if let id = key.id {
                try await storage.read(id: id, read)
            } else {
                try await storage.read(url: Array(key.url.utf8), read)
            }
        guard isThere, let document else {
            throw ServiceError(.notFound, "there is no article \(key.id?.description ?? key.url)")
        }
        return try document.get()
    }
}
