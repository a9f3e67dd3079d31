// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import IndexFollowing
internal import SearchText
internal import WorkerThreads

extension Search {
    /// How long a request waits for the index to be opened, in steps of 20 ms.
    private static let openingSteps = 500

    /// search.query. Returns the encoded answer.
    func query(_ call: Call) async throws -> [UInt8] {
        let request = try CheckedRequest(try SearchRequest(decoding: call.payload), deadline: call.deadline)
        let numbered = try await snapshot(request.cursor?.snapshot)
        let found = try await searching { [vocabularies] () throws(IndexError) in
            try request.run(in: numbered.snapshot, vocabularies)
        }
        var result = found.result
        let hasMore = result.hits.count > request.limit
        if hasMore { result.hits.removeLast() }
        var answer = SearchResult(
            total: result.total, facets: result.facets.map(SearchFacetCount.init), notes: request.query.notes,
            relaxed: request.isRelaxed(found.matching), incomplete: !follower.isComplete)
        if hasMore, let last = result.hits.last {
            snapshots.keep(numbered)
            answer.cursor = SearchCursor(matching: found.matching, snapshot: numbered.number, hit: last.place)
                .encoded(of: request.search)
        }
        if let (correction, ids) = found.correction {
            let texts = try await texts(of: ids)
            answer.didYouMean = try await workers.run { correction.applied(to: request.text, spelledAs: texts) }
        }
        return try await encoded(
            answer, result.hits, Highlighter(request.query), snippetBytes: request.snippetBytes,
            articles: request.wantsArticles)
    }

    /// Searches the index on a thread for it.
    func searching<Found: Sendable>(
        _ body: @escaping @Sendable () throws(IndexError) -> Found
    ) async throws(ServiceError) -> Found {
        let follower = follower
        let found = try await workers.run { () -> Result<Found, IndexError> in
            do throws(IndexError) {
                return .success(try body())
            } catch {
                if error.kind == .damaged { follower.restart(after: error) }
                return .failure(error)
            }
        }
        switch found {
        case .success(let found): return found
        case .failure(let error): throw error.serviceError
        }
    }

    /// The encoded answer, with the articles of its hits.
    func encoded(
        _ answer: SearchResult, _ hits: [SnapshotResult.Hit], _ highlighter: Highlighter, snippetBytes: Int,
        articles whole: Bool
    ) async throws(ServiceError) -> [UInt8] {
        var articles: [HitArticle?] = []
        for hit in hits { articles.append(try await article(hit.id, whole: whole)) }
        return try await workers.run { [articles] in
            var writer = WireWriter(capacity: 4096)
            for (hit, article) in zip(hits, articles) {
                guard let article else { continue }
                let encoded = article.encoded(hit.place, highlighter, snippetBytes: snippetBytes)
                writer.begin(1, length: encoded.count)
                writer.append(encoded.rawSpan)
            }
            answer.encode(to: &writer)
            return writer.bytes
        }
    }

    /// Title, summary and body of articles.
    private func texts(of ids: [ArticleID]) async throws(ServiceError) -> [String] {
        var texts: [String] = []
        for id in ids {
            _ = try await storage.read(id: id) { record in
                guard let document = try? IndexDocument(record) else { return }
                texts.append("\(document.title)\n\(document.text)")
            }
        }
        return texts
    }

    private var snapshots: Snapshots { follower.snapshots }

    /// The snapshot with this number, or the present one.
    func snapshot(_ number: UInt64? = nil) async throws -> Snapshots.Numbered {
        if let number, let earlier = snapshots.find(number) { return earlier }
        for _ in 0..<Self.openingSteps {
            if let current = snapshots.current { return current }
            if let problem = follower.problem { throw ServiceError(.unavailable, "search: \(problem)") }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw ServiceError(.unavailable, "search: the index is being opened; try again later")
    }

    /// The article of a hit; nil if it was deleted since.
    private func article(_ id: ArticleID, whole: Bool) async throws(ServiceError) -> HitArticle? {
        var article: HitArticle?
        _ = try await storage.read(id: id) { article = HitArticle($0, whole: whole) }
        return article
    }
}

extension SearchFacetCount {
    fileprivate init(_ value: SnapshotResult.FacetValue) {
        let facet: SearchFacet =
            switch value.facet {
            case .topic: .topic
            case .source: .source
            case .month: .month
            }
        self.init(facet: facet, value: value.value, count: value.count)
    }
}

/// What a hit shows of its article.
struct HitArticle: Sendable {
    private let id: ArticleID
    private let time: Int64
    /// nil if the article is damaged.
    private let document: IndexDocument?
    /// The encoded article, with the service's fields; empty unless it is wanted.
    private var whole: [UInt8] = []

    init(_ record: borrowing StoredRecord, whole: Bool) {
        id = record.id
        time = record.time
        document = try? IndexDocument(record)
        guard whole, document != nil, let size = UInt32(exactly: record.content.byteCount) else { return }
        let trailer = ArticleTrailer(
            id: record.id, revision: record.revision, createdAt: record.createdAt, storedAt: record.storedAt,
            contentChecksum: record.contentChecksum, contentSize: size)
        var bytes = [UInt8](joining: record.content)
        trailer.withEncoded { encoded in bytes.append(contentsOf: [UInt8](joining: encoded)) }
        self.whole = bytes
    }

    /// The encoded `SearchHit`.
    func encoded(_ place: IndexHit, _ highlighter: Highlighter, snippetBytes: Int) -> [UInt8] {
        var hit = SearchHit(id: id, score: place.score, time: time, url: document?.url ?? "")
        if let document {
            hit.source = document.source
            hit.topics = document.topics
            hit.title = HighlightedText(highlighter.whole(document.title))
            hit.snippet = HighlightedText(highlighter.passage(document.text, maxBytes: snippetBytes))
        }
        var writer = WireWriter(capacity: 1024)
        hit.encode(to: &writer)
        if !whole.isEmpty {
            writer.begin(9, length: whole.count)
            writer.append(whole.rawSpan)
        }
        return writer.bytes
    }
}

extension HighlightedText {
    fileprivate init(_ highlights: Highlights) {
        self.init(
            text: highlights.text,
            marks: highlights.marks.map {
                TextRange(start: UInt32(clamping: $0.lowerBound), end: UInt32(clamping: $0.upperBound))
            })
    }
}
