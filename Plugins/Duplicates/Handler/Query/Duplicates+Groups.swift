// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import IndexFollowing
internal import WorkerThreads

extension Duplicates {
    /// So many articles are looked up at once.
    private static let groupStep = 64
    /// The most articles of a group.
    private static let maxGroup = 1000
    /// The most articles in all groups of a response: their ids are kept, so that none comes twice.
    private static let maxGrouped = 1_000_000

    /// duplicates.groups: goes through the stored articles, newest first, and sends the group of each that has one.
    func groups(_ request: DuplicateGroupsRequest, _ responder: consuming Responder) async throws {
        let threshold = try threshold(request.threshold)
        let least = Signature.leastEstimate(for: threshold)
        var query = try StorageQuery(request)
        var grouped: Set<ArticleID> = []
        var left = request.limit == 0 ? UInt64.max : request.limit
        while left > 0 {
            try Task.checkCancellation()
            let page = try await page(query)
            guard let last = page.last else { break }
            query.after = last
            let ids = page.map(\.id).filter { !grouped.contains($0) }
            for id in try await withCandidates(ids, least) where left > 0 && !grouped.contains(id) {
                guard var group = try await group(of: id, threshold, least, apartFrom: grouped) else { continue }
                group.incomplete = !following.isComplete
                grouped.formUnion(group.articles.compactMap(\.id))
                try await responder.send(group)
                left -= 1
                guard grouped.count < Self.maxGrouped else {
                    throw ServiceError(
                        .resourceExhausted,
                        "from, until: \(grouped.count) articles are in groups already; ask for a part of the time")
                }
            }
        }
        responder.finish()
    }

    /// The places of the next articles in the storage; empty: there are no more.
    private func page(_ query: StorageQuery) async throws(ServiceError) -> [StorageQuery.Position] {
        var page: [StorageQuery.Position] = []
        func visit(_ record: borrowing StoredRecord) -> Bool {
            page.append(StorageQuery.Position(time: record.time, id: record.id))
            return page.count < Self.groupStep
        }
        if try storage.lend(query, visit) == .mustWait {
            for record in try await storage.fetch(query).records where !record.lend(visit) { break }
        }
        return page
    }

    /// Those of some articles that may have a near-identical one.
    private func withCandidates(_ ids: [ArticleID], _ least: Double) async throws -> [ArticleID] {
        try await looking { (snapshot) throws(IndexError) in
            var found: [ArticleID] = []
            for id in ids {
                guard let article = try snapshot.find(id) else { continue }
                let candidates = try snapshot.candidates(article.signature, leastEstimate: least)
                if candidates.contains(where: { $0.id != id }) { found.append(id) }
            }
            return found
        }
    }

    /// The group of an article: what it is connected with, directly or through others. nil if it has no near-identical one.
    private func group(
        of id: ArticleID, _ threshold: Double, _ least: Double, apartFrom grouped: Set<ArticleID>
    ) async throws -> DuplicateGroup? {
        var members: [ArticleID] = [id]
        var known: Set<ArticleID> = [id]
        var next = 0
        var isCut = false
        while next < members.count, !isCut {
            let article: ComparedArticle?
            do throws(ServiceError) { article = try await read(ArticleKey(id: members[next])) } catch {
                guard error.code == .dataLoss else { throw error }
                article = nil
            }
            next += 1
            guard let article else { continue }
            let (shingles, candidates) = try await looking { (snapshot) throws(IndexError) in
                let shingles = Shingles(article.document)
                guard let signature = Signature(shingles) else { return (shingles, [IndexSnapshot.Candidate]()) }
                return (shingles, try snapshot.candidates(signature, leastEstimate: least))
            }
            let others = candidates.map(\.id).filter { !known.contains($0) && !grouped.contains($0) }
            try await compare(Array(others.prefix(2 * Self.maxGroup)), with: shingles, threshold) { article, _ in
                if members.count < Self.maxGroup {
                    members.append(article.document.id)
                    known.insert(article.document.id)
                } else {
                    isCut = true
                }
            }
        }
        return members.count > 1 ? try await described(members, isCut) : nil
    }

    /// A group with the similarity of each article to the first one.
    private func described(_ members: [ArticleID], _ isCut: Bool) async throws -> DuplicateGroup? {
        var articles: [Duplicate] = []
        // All of them: no similarity is below 0.
        try await compare(members, with: Shingles([String]()), 0) { article, _ in
            articles.append(article.duplicate(0))
        }
        articles.sort(by: Duplicate.isEarlier)
        guard articles.count > 1, let id = articles[0].id, let first = try await read(ArticleKey(id: id)) else {
            return nil
        }
        let shingles = try await workers.run { Shingles(first.document) }
        var similarities: [ArticleID: Float] = [:]
        try await compare(members, with: shingles, 0) { article, similarity in
            similarities[article.document.id] = Float(similarity)
        }
        for place in articles.indices {
            articles[place].similarity = articles[place].id.flatMap { similarities[$0] } ?? 0
        }
        return DuplicateGroup(articles: articles, more: isCut)
    }
}

extension StorageQuery {
    /// Which articles are looked at.
    init(_ request: DuplicateGroupsRequest) throws(ServiceError) {
        let source = Array(request.source.utf8)
        guard source.count <= Limits.source else {
            throw ServiceError(
                .invalidArgument, "source: \(source.count) bytes; at most \(Limits.source) are allowed")
        }
        var terms = TermList()
        terms.appendSource(source.rawSpan)
        self.init(terms: terms, from: request.from, until: request.until)
    }
}
