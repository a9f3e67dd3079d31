// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLucene
internal import IndexFollowing
internal import SearchText

/// A snapshot of a ``LuceneIndex``. The shim allows any number of threads.
@safe final class LuceneSnapshot: SearchSnapshot, @unchecked Sendable {
    let handle: OpaquePointer
    /// Makes the queries, and lives as long as they do.
    private let index: LuceneIndex

    init(_ handle: OpaquePointer, of index: LuceneIndex) {
        unsafe self.handle = handle
        self.index = index
    }

    deinit { unsafe clucene_searcher_release(handle) }

    var articles: UInt64 { unsafe clucene_documents(handle) }

    func search(_ request: SnapshotRequest) throws(IndexError) -> SnapshotResult {
        try search(try unsafe index.query(request, in: handle), request)
    }

    func related(_ request: RelatedSnapshotRequest) throws(IndexError) -> SnapshotResult {
        let name = request.isStored ? Hexadecimal.encode(request.document.id) : nil
        let builder = LuceneRelatedBuilder(self, unsafe index.maker(handle))
        guard let query = try builder.query(request.document, excluding: name) else { return SnapshotResult() }
        return try search(
            query, SnapshotRequest(query: SearchQuery(), limit: request.limit, deadline: request.deadline))
    }

    /// Searches with a query that was made for this snapshot.
    private func search(
        _ query: LuceneQuery, _ request: SnapshotRequest
    ) throws(IndexError) -> SnapshotResult {
        let facets = FacetCounts()
        let fields = request.facets.map { LuceneField($0).rawValue }
        var hits = [clucene_hit](repeating: clucene_hit(), count: request.limit)
        var count = 0
        var total: UInt64 = 0
        var after = clucene_hit()
        if let place = request.after {
            after = clucene_hit(document: place.document, score: place.score, time: place.time)
        }
        let error = unsafe withUnsafePointer(to: after) { after in
            unsafe fields.withUnsafeBufferPointer { fields in
                query.lend { query in
                    var search = unsafe clucene_request(
                        query: query, order: request.order.code, limit: request.limit,
                        after: request.after == nil ? nil : after, recency: request.recency, now: request.now,
                        half_life: Self.halfLife, deadline: request.deadline, facets: fields.baseAddress,
                        facet_count: fields.count, facet: FacetCounts.receive,
                        context: Unmanaged.passUnretained(facets).toOpaque())
                    return LuceneError.caught { unsafe clucene_search(handle, &search, &hits, &count, &total, $0) }
                }
            }
        }
        if let error { throw error }
        var result = SnapshotResult(total: total, facets: facets.values(of: request.facets))
        for hit in hits[..<count] {
            guard let id = try id(of: hit.document) else { continue }
            let place = IndexHit(document: hit.document, score: hit.score, time: hit.time)
            result.hits.append(SnapshotResult.Hit(id: id, place: place))
        }
        return result
    }

    func vocabulary(deadline: UInt64) throws(IndexError) -> Vocabulary {
        let words = CollectedWords()
        try LuceneError.check { error in
            unsafe clucene_words(
                handle, LuceneField.folded.rawValue, Vocabulary.leastArticles, Vocabulary.maxWords, deadline,
                CollectedWords.receive, Unmanaged.passUnretained(words).toOpaque(), error)
        }
        return words.vocabulary
    }

    func frequency(of word: String) throws(IndexError) -> UInt64 { try frequency(.folded, word) }

    func frequency(ofPair pair: String) throws(IndexError) -> UInt64 { try frequency(.bigrams, pair) }

    /// The number of articles that have a term.
    func frequency(_ field: LuceneField, _ term: String) throws(IndexError) -> UInt64 {
        var count: UInt64 = 0
        try LuceneError.check { error in
            unsafe clucene_frequency(handle, field.rawValue, term, term.utf8.count, &count, error)
        }
        return count
    }

    /// The age at which the advantage of a new article is half as large: 30 days, in milliseconds.
    private static let halfLife: Int64 = 30 * 86_400_000

    private func id(of document: Int32) throws(IndexError) -> ArticleID? {
        var text = [CChar](repeating: 0, count: 64)
        var size = 0
        try LuceneError.check { unsafe clucene_id(handle, document, &text, text.count, &size, $0) }
        return Hexadecimal.id(String(decoding: text[..<size].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}

extension SnapshotRequest.Order {
    fileprivate var code: clucene_order {
        switch self {
        case .relevance: CLUCENE_RELEVANCE
        case .newest: CLUCENE_NEWEST
        case .oldest: CLUCENE_OLDEST
        }
    }
}

/// Receives the words of an index, on the thread that asks for them.
private final class CollectedWords {
    private(set) var vocabulary = Vocabulary()

    static let receive: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, Int, UInt64) -> Void = {
        context, word, size, articles in
        guard let context = unsafe context, let word = unsafe word else { return }
        let bytes = unsafe UnsafeRawBufferPointer(start: word, count: size)
        unsafe Unmanaged<CollectedWords>.fromOpaque(context).takeUnretainedValue()
            .vocabulary.append(bytes, articles: articles)
    }
}

/// Receives the counts of one search, on its thread.
private final class FacetCounts {
    private var counts: [(field: UInt32, value: String, count: UInt64)] = []

    static let receive: @convention(c) (UnsafeMutableRawPointer?, UInt32, UnsafePointer<CChar>?, Int, UInt64) -> Void =
        {
            context, field, value, size, count in
            guard let context = unsafe context, let value = unsafe value else { return }
            let text = unsafe UnsafeRawBufferPointer(start: value, count: size)
            let counts = unsafe Unmanaged<FacetCounts>.fromOpaque(context).takeUnretainedValue()
            unsafe counts.counts.append((field, String(decoding: text, as: UTF8.self), count))
        }

    /// Most frequent first.
    func values(of facets: [IndexFacet]) -> [SnapshotResult.FacetValue] {
        facets.flatMap { facet in
            counts.filter { $0.field == LuceneField(facet).rawValue }
                .sorted { ($0.count, $1.value) > ($1.count, $0.value) }
                .map { SnapshotResult.FacetValue(facet: facet, value: $0.value, count: $0.count) }
        }
    }
}
