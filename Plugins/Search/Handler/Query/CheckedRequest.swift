// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import HandlerKit
internal import IndexFollowing
internal import SearchText

/// A request of search.query whose values are within their limits.
struct CheckedRequest: Sendable {
    private static let maxLimit: UInt32 = 100
    private static let maxSnippetBytes: UInt32 = 2000
    /// If fewer articles have all words, others follow.
    private static let fewHits: UInt64 = 10
    /// Articles that show how a word is written.
    private static let spellingArticles = 5

    /// What was typed.
    let text: String
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
        (limit, snippetBytes) = try Self.sizes(limit: request.limit, snippetBytes: request.snippetBytes)
        guard request.recency >= 0, request.recency <= 10 else {
            throw Self.refuse("recency", "\(request.recency); 0 to 10 are allowed")
        }
        guard (-1440...1440).contains(request.minutesEastOfUTC) else {
            throw Self.refuse("minutes_east_of_utc", "\(request.minutesEastOfUTC); -1440 to 1440 are allowed")
        }
        wantsArticles = request.articles
        text = request.query
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

    private static func refuse(_ field: String, _ problem: String) -> ServiceError {
        ServiceError(.invalidArgument, "\(field): \(problem)")
    }

    /// The checked sizes of a page, and of a snippet.
    static func sizes(limit: UInt32, snippetBytes: UInt32) throws(ServiceError) -> (limit: Int, snippetBytes: Int) {
        guard limit <= maxLimit else { throw refuse("limit", "\(limit); at most \(maxLimit) hits fit on a page") }
        guard snippetBytes <= maxSnippetBytes else {
            throw refuse("snippet_bytes", "\(snippetBytes); at most \(maxSnippetBytes) are allowed")
        }
        return (limit == 0 ? 10 : Int(limit), snippetBytes == 0 ? 300 : Int(snippetBytes))
    }

    /// What was found.
    struct Found: Sendable {
        var result: SnapshotResult
        var matching: Matching
        /// A better query, and articles that it finds.
        var correction: (Correction, articles: [ArticleID])?
    }

    /// Searches. Blocks the thread.
    func run(in snapshot: any SearchSnapshot, _ vocabularies: Vocabularies) throws(IndexError) -> Found {
        var request = template
        if let cursor {
            request.matching = cursor.matching
            request.after = cursor.hit
            return Found(result: try snapshot.search(request), matching: cursor.matching)
        }
        // An order by time has no place for what matches better.
        let hasMarks = query.texts.contains { $0.words.contains(where: \.isMarked) }
        request.matching = request.order != .relevance && hasMarks ? .allWordsWithMarks : .allWords
        let strict = try snapshot.search(request)
        var found = Found(result: strict, matching: request.matching)
        guard strict.total < Self.fewHits else { return found }
        if request.order == .relevance {
            found.correction = try correction(of: strict.total, in: snapshot, vocabularies)
            guard query.canBeRelaxed else { return found }
            request.matching = .someWords
        } else {
            guard strict.total == 0, request.matching != .allWords else { return found }
            request.matching = .allWords
        }
        let more = try snapshot.search(request)
        if more.total > strict.total { (found.result, found.matching) = (more, request.matching) }
        return found
    }

    /// A query that finds more than `total` articles, if words seem misspelt.
    private func correction(
        of total: UInt64, in snapshot: any SearchSnapshot, _ vocabularies: Vocabularies
    ) throws(IndexError) -> (Correction, articles: [ArticleID])? {
        let typed = query.plainWords
        guard !typed.isEmpty else { return nil }
        let corrector = Corrector(
            snapshot: snapshot, vocabulary: try vocabularies.current(snapshot, deadline: template.deadline))
        guard let correction = try corrector.correct(text, query) else { return nil }
        let nodes = zip(typed, correction.words).map { word, better in
            let isSame = word.folded == better
            return SearchQuery.Node.text(
                SearchQuery.Text([
                    isSame ? word : SearchQuery.Word(exact: better, folded: better, isMarked: false)
                ]))
        }
        var request = template
        request.query = SearchQuery(root: .all(nodes, isImplicit: true))
        (request.limit, request.facets) = (Self.spellingArticles, [])
        let found = try snapshot.search(request)
        guard found.total > 2 * total else { return nil }
        return (correction, found.hits.map(\.id))
    }

    /// Whether hits may lack words or marks.
    func isRelaxed(_ matching: Matching) -> Bool {
        matching == .someWords
            || matching == .allWords && template.order != .relevance
                && query.texts.contains { $0.words.contains(where: \.isMarked) }
    }
}
