// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import HandlerKit
internal import SearchText

/// A request of search.query whose values are within their limits.
struct CheckedRequest: Sendable {
    private static let maxLimit: UInt32 = 100
    private static let maxSnippetBytes: UInt32 = 2000
    /// If fewer articles have all words, others follow.
    private static let fewHits: UInt64 = 10

    let query: SearchQuery
    let limit: Int
    let snippetBytes: Int
    let wantsArticles: Bool
    let cursor: SearchCursor?
    /// What a cursor of it belongs to.
    let search: UInt32
    private let template: SnapshotRequest

    /// Throws `invalidArgument`, with the field. What a person typed is never wrong.
    init(_ request: SearchRequest, deadline: Deadline?) throws(ServiceError) {
        func refuse(_ field: String, _ problem: String) -> ServiceError {
            ServiceError(.invalidArgument, "\(field): \(problem)")
        }
        guard request.limit <= Self.maxLimit else {
            throw refuse("limit", "\(request.limit); at most \(Self.maxLimit) hits fit on a page")
        }
        guard request.snippetBytes <= Self.maxSnippetBytes else {
            throw refuse("snippet_bytes", "\(request.snippetBytes); at most \(Self.maxSnippetBytes) are allowed")
        }
        guard request.recency >= 0, request.recency <= 10 else {
            throw refuse("recency", "\(request.recency); 0 to 10 are allowed")
        }
        guard (-1440...1440).contains(request.minutesEastOfUTC) else {
            throw refuse("minutes_east_of_utc", "\(request.minutesEastOfUTC); -1440 to 1440 are allowed")
        }
        limit = request.limit == 0 ? 10 : Int(request.limit)
        snippetBytes = request.snippetBytes == 0 ? 300 : Int(request.snippetBytes)
        wantsArticles = request.articles
        query = QueryParser.parse(request.query, minutesEastOfUTC: Int(request.minutesEastOfUTC))
        let search = SearchCursor.search(request)
        self.search = search
        cursor = request.cursor.isEmpty ? nil : try SearchCursor(request.cursor, of: search)
        var filters: [IndexFilter] = []
        if !request.topic.isEmpty { filters.append(.topic(request.topic)) }
        if !request.source.isEmpty { filters.append(.source(request.source)) }
        if !request.language.isEmpty { filters.append(.language(request.language)) }
        if request.from != nil || request.until != nil {
            filters.append(.time(from: request.from, until: request.until))
        }
        let order: SnapshotRequest.Order =
            switch request.order {
            case .relevance: .relevance
            case .newest: .newest
            case .oldest: .oldest
            }
        // One more hit tells whether there is another page.
        template = SnapshotRequest(
            query: query, filters: filters, order: order, limit: limit + 1, recency: request.recency,
            now: clinux_wall_clock_ms(), facets: request.facets ? IndexFacet.allCases : [],
            deadline: deadline?.nanoseconds ?? 0)
    }

    /// Searches. Blocks the thread.
    func run(in snapshot: any SearchSnapshot) throws(SearchIndexError) -> (result: SnapshotResult, matching: Matching) {
        var request = template
        if let cursor {
            request.matching = cursor.matching
            request.after = cursor.hit
            return (try snapshot.search(request), cursor.matching)
        }
        // An order by time has no place for what matches better.
        let hasMarks = query.texts.contains { $0.words.contains(where: \.isMarked) }
        request.matching = request.order != .relevance && hasMarks ? .allWordsWithMarks : .allWords
        let strict = try snapshot.search(request)
        let relaxed: Matching
        if request.order == .relevance {
            guard strict.total < Self.fewHits, query.canBeRelaxed else { return (strict, request.matching) }
            relaxed = .someWords
        } else {
            guard strict.total == 0, request.matching != .allWords else { return (strict, request.matching) }
            relaxed = .allWords
        }
        let before = request.matching
        request.matching = relaxed
        let more = try snapshot.search(request)
        return more.total > strict.total ? (more, relaxed) : (strict, before)
    }

    /// Whether hits may lack words or marks.
    func isRelaxed(_ matching: Matching) -> Bool {
        matching == .someWords
            || matching == .allWords && template.order != .relevance
                && query.texts.contains { $0.words.contains(where: \.isMarked) }
    }
}
