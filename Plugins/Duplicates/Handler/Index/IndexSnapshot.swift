// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import IndexFollowing

/// The index at one time. May be used on any number of threads, and reads files.
struct IndexSnapshot: Sendable {
    /// The most articles that are compared by their signatures.
    private static let maxCompared = 16_384

    let recent: RecentArticles
    let segments: [DuplicateIndex.Live]

    /// An article that may be similar.
    struct Candidate: Sendable, Equatable {
        var id: ArticleID
        /// Milliseconds since 1970-01-01T00:00:00Z.
        var time: Int64
        /// What its signature says of the similarity.
        var estimate: Double
    }

    /// The articles whose signatures share a band and are at least as similar as this, most similar first, and of equal
    /// ones the earliest first.
    func candidates(_ signature: Signature, leastEstimate: Double) throws(IndexError) -> [Candidate] {
        var found: [Candidate] = []
        func compare(_ article: SketchedArticle) {
            let estimate = signature.estimate(article.signature)
            guard estimate >= leastEstimate, estimate > 0 else { return }
            found.append(Candidate(id: article.id, time: article.time, estimate: estimate))
        }
        recent.visit(compare)
        let keys = signature.bandKeys
        var left = Self.maxCompared
        for live in segments {
            var numbers: Set<Int> = []
            for key in keys {
                try live.segment.forEach(band: key) { number in
                    if !live.dead.contains(number) { numbers.insert(number) }
                }
            }
            for number in numbers.sorted().prefix(left) {
                for article in try live.segment.articles(from: number, count: 1) { compare(article) }
            }
            left = max(0, left - numbers.count)
        }
        return found.sorted { ($1.estimate, $0.time, $0.id) < ($0.estimate, $1.time, $1.id) }
    }

    /// The article, if the index has it.
    func find(_ id: ArticleID) throws(IndexError) -> SketchedArticle? {
        if let article = recent[id] { return article }
        for live in segments {
            guard let number = try live.segment.find(id), !live.dead.contains(number) else { continue }
            return try live.segment.articles(from: number, count: 1).first
        }
        return nil
    }
}
