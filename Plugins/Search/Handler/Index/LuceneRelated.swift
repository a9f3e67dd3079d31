// SPDX-License-Identifier: Apache-2.0
internal import CLucene
internal import Glibc
internal import IndexFollowing
internal import SearchText

/// Makes the query for articles that are about the same as a text: its most telling words, and pairs of words, of which some
/// must be there.
struct LuceneRelatedBuilder {
    /// The most frequent words of a text are looked up, then the most telling of these are searched.
    private static let maxLookedUp = 120
    private static let maxWords = 20
    private static let maxPairs = 16
    /// Words in more than this part of the articles tell nothing, unless so few articles have them.
    private static let commonPart: UInt64 = 10
    private static let few: UInt64 = 100
    /// How many of the terms must be there: one of so many, and at least two.
    private static let minimumPart = 10

    private let snapshot: LuceneSnapshot
    private let maker: LuceneQueryMaker
    private let articles: Double

    init(_ snapshot: LuceneSnapshot, _ maker: LuceneQueryMaker) {
        self.snapshot = snapshot
        self.maker = maker
        articles = Double(max(snapshot.articles, 1))
    }

    private struct Term {
        let field: LuceneField
        let text: String
        let weight: Double
    }

    /// nil if the text has no telling words.
    func query(_ document: IndexDocument, excluding name: String?) throws(IndexError) -> LuceneQuery? {
        var terms: [Term] = []
        let title = TokenList(document.title)
        let body = TokenList(String(decoding: document.text.utf8.prefix(IndexDocument.maxTextBytes), as: UTF8.self))
        terms += try telling(.exact, Self.words(title, body), Self.maxWords)
        terms += try telling(.bigrams, Self.pairs(title, body), Self.maxPairs)
        guard let greatest = terms.map(\.weight).max(), greatest > 0 else { return nil }
        var some: [(LuceneQuery, clucene_occur)] = []
        for term in terms {
            some.append((try maker.term(term.field, term.text, Float(term.weight / greatest)), CLUCENE_SHOULD))
        }
        let minimum = min(some.count, max(2, some.count / Self.minimumPart))
        var parts = [(try maker.boolean(some, minimum: Int32(clamping: minimum)), CLUCENE_MUST)]
        if let name { parts.append((try maker.term(.id, name), CLUCENE_MUST_NOT)) }
        return try maker.boolean(parts)
    }

    /// The terms that tell most: frequent in the text, and rare among the articles.
    private func telling(
        _ field: LuceneField, _ counts: [String: Double], _ most: Int
    ) throws(IndexError) -> [Term] {
        let frequent = counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(Self.maxLookedUp)
        var terms: [Term] = []
        for (text, count) in frequent {
            let frequency = try snapshot.frequency(field, text)
            guard frequency > 0, frequency <= max(Self.few, UInt64(articles) / Self.commonPart) else { continue }
            terms.append(
                Term(field: field, text: text, weight: count.squareRoot() * log(articles / Double(frequency) + 1)))
        }
        return Array(terms.sorted { ($0.weight, $1.text) > ($1.weight, $0.text) }.prefix(most))
    }

    private static func words(_ title: TokenList, _ body: TokenList) -> [String: Double] {
        var counts: [String: Double] = [:]
        for (list, weight) in [(title, 3.0), (body, 1.0)] {
            for index in 0..<list.count where list.tokens[index].folded.count > 1 {
                counts[list.exact(index), default: 0] += weight
            }
        }
        return counts
    }

    /// Pairs of words that follow one another, of the title and the beginning: the index has no others.
    private static func pairs(_ title: TokenList, _ body: TokenList) -> [String: Double] {
        var counts: [String: Double] = [:]
        for (list, weight) in [(title, 3.0), (body, 1.0)] {
            for index in 0..<min(list.count, DocumentTerms.bigramWords) {
                if let pair = list.bigram(endingAt: index) { counts[pair, default: 0] += weight }
            }
        }
        return counts
    }
}
