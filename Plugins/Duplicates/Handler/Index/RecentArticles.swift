// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// The articles that are not yet in a segment. They are few: each is compared with what is looked for.
struct RecentArticles: Sendable {
    /// So many are written into a segment, whether it is time or not.
    static let limit = 8192
    /// What one of them takes, about.
    static let bytesPerArticle = 384

    private(set) var articles: [SketchedArticle] = []
    /// Which of them are gone, or have been replaced.
    private(set) var isAlive: [Bool] = []
    private(set) var alive = 0
    private var places: [ArticleID: Int] = [:]

    var count: Int { articles.count }

    subscript(_ id: ArticleID) -> SketchedArticle? { places[id].map { articles[$0] } }

    mutating func insert(_ article: SketchedArticle) {
        remove(article.id)
        places[article.id] = articles.count
        articles.append(article)
        isAlive.append(true)
        alive += 1
    }

    mutating func remove(_ id: ArticleID) {
        guard let place = places.removeValue(forKey: id) else { return }
        isAlive[place] = false
        alive -= 1
    }

    /// Forgets the first ones: they are in a segment.
    mutating func removeFirst(_ count: Int) {
        articles.removeFirst(count)
        isAlive.removeFirst(count)
        alive = 0
        places.removeAll(keepingCapacity: articles.count > 64)
        for (place, article) in articles.enumerated() where isAlive[place] {
            places[article.id] = place
            alive += 1
        }
    }

    func visit(_ body: (SketchedArticle) -> Void) {
        for (place, article) in articles.enumerated() where isAlive[place] { body(article) }
    }
}
