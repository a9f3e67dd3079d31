// SPDX-License-Identifier: Apache-2.0
internal import CLucene
internal import IndexFollowing
internal import SearchText

/// Turns what a person wants to find into a query of Lucene++.
///
/// Each word must be there in its folded form. What else speaks for an article adds to its score: the word with the query's
/// marks, the word in the title, two of the words next to each other.
struct LuceneQueryBuilder {
    /// How much each match counts.
    private enum Weight {
        static let folded: Float = 1
        /// The folded form, if the query has marks: then the exact form decides.
        static let foldedBesideMarks: Float = 0.3
        static let exact: Float = 1
        static let titleExact: Float = 2
        static let titleFolded: Float = 0.6
        static let bigram: Float = 0.7
        /// Puts articles with all words before the others. Greater than what some of the words can give.
        static let allWords: Float = 1000
    }

    /// Words that a prefix stands for, at most.
    private static let maxExpansions = 50

    private let maker: LuceneQueryMaker
    private let request: SnapshotRequest
    /// Whether the order is that of scores.
    private let scores: Bool
    private let hasMarks: Bool

    private typealias Part = (LuceneQuery, clucene_occur)

    init(_ request: SnapshotRequest, _ maker: LuceneQueryMaker) {
        self.maker = maker
        self.request = request
        scores = request.order == .relevance
        hasMarks = request.query.texts.contains { $0.words.contains(where: \.isMarked) }
    }

    /// The query of the request.
    func query() throws(IndexError) -> LuceneQuery {
        var parts: [Part] = []
        if let root = request.query.root {
            if case .not = root {
                parts.append((try self.boolean([root]), CLUCENE_MUST))
            } else {
                parts.append((try node(root, isTop: true), CLUCENE_MUST))
            }
            if scores {
                for bigram in Self.bigrams(root) {
                    parts.append((try maker.term(.bigrams, bigram, Weight.bigram), CLUCENE_SHOULD))
                }
            }
        } else {
            parts.append((try maker.everything(), CLUCENE_MUST))
        }
        for filter in request.filters { parts.append((try self.filter(filter).constant(0), CLUCENE_MUST)) }
        return try maker.boolean(parts)
    }

    /// Words that were typed next to each other.
    private static func bigrams(_ root: SearchQuery.Node) -> [String] {
        guard case .all(let nodes, isImplicit: true) = root else { return [] }
        var bigrams: [String] = []
        var previous: String?
        for node in nodes {
            guard case .text(let text) = node, node.isWord, let first = text.words.first, let last = text.words.last
            else {
                previous = nil
                continue
            }
            if let previous { bigrams.append("\(previous) \(first.folded)") }
            previous = text.isPrefix ? nil : last.folded
        }
        return bigrams
    }

    private func filter(_ filter: IndexFilter) throws(IndexError) -> LuceneQuery {
        switch filter {
        case .topic(let slug): try maker.term(.topic, slug)
        case .source(let source): try maker.term(.source, source)
        case .language(let tag): try maker.term(.language, FoldedValue.language(tag))
        case .time(let from, let until): try maker.time(from: from, until: until)
        }
    }

    private func node(_ node: SearchQuery.Node, isTop: Bool = false) throws(IndexError) -> LuceneQuery {
        switch node {
        case .text(let text): return try self.text(text)
        case .value(.source, let words): return try maker.term(.sourceWords, words).constant(0)
        case .value(.topic, let slug): return try maker.term(.topic, slug).constant(0)
        case .value(.language, let tag): return try maker.term(.language, tag).constant(0)
        case .time(let from, let until): return try maker.time(from: from, until: until).constant(0)
        case .not: return try boolean([node])
        case .any(let nodes):
            var parts: [Part] = []
            for node in nodes { parts.append((try self.node(node), CLUCENE_SHOULD)) }
            return try maker.boolean(parts, minimum: 1)
        case .all(let nodes, let isImplicit):
            return isTop && isImplicit && request.matching == .someWords ? try some(nodes) : try boolean(nodes)
        }
    }

    /// All nodes together. What must not be is taken from the others, or from everything.
    private func boolean(_ nodes: [SearchQuery.Node]) throws(IndexError) -> LuceneQuery {
        var parts: [Part] = []
        for node in nodes {
            if case .not(let inner) = node {
                parts.append((try self.node(inner), CLUCENE_MUST_NOT))
            } else {
                parts.append((try self.node(node), CLUCENE_MUST))
            }
        }
        if parts.allSatisfy({ $0.1 == CLUCENE_MUST_NOT }) { parts.append((try maker.everything(), CLUCENE_MUST)) }
        return try maker.boolean(parts)
    }

    /// Words of which some may be missing; everything else must match. All words together count most.
    private func some(_ nodes: [SearchQuery.Node]) throws(IndexError) -> LuceneQuery {
        let words = nodes.filter(\.isWord)
        let others = nodes.filter { !$0.isWord }
        var any: [Part] = []
        for word in words { any.append((try node(word), CLUCENE_SHOULD)) }
        // One word may be misspelt or remembered wrongly, and more of many.
        let minimum = max(1, words.count - max(1, words.count / 4))
        var parts: [Part] = [(try maker.boolean(any, minimum: Int32(clamping: minimum)), CLUCENE_MUST)]
        if !others.isEmpty { parts.append((try boolean(others), CLUCENE_MUST)) }
        parts.append((try boolean(words).constant(Weight.allWords), CLUCENE_SHOULD))
        return try maker.boolean(parts)
    }

    private func text(_ text: SearchQuery.Text) throws(IndexError) -> LuceneQuery {
        switch text.place {
        case .author: return try sequence(text, .author, isExact: false, 1)
        case .title: return try preferringMarks(text, .titleFolded, .titleExact, others: [])
        case .everywhere:
            var others: [Part] = []
            if scores {
                if text.words.contains(where: \.isMarked) {
                    others.append((try sequence(text, .titleExact, isExact: true, Weight.titleExact), CLUCENE_SHOULD))
                }
                others.append((try sequence(text, .titleFolded, isExact: false, Weight.titleFolded), CLUCENE_SHOULD))
            }
            return try preferringMarks(text, .folded, .exact, others: others)
        }
    }

    /// Words in their folded form, preferred or required with the marks that were typed.
    private func preferringMarks(
        _ text: SearchQuery.Text, _ folded: LuceneField, _ exact: LuceneField, others: [Part]
    ) throws(IndexError) -> LuceneQuery {
        let isMarked = text.words.contains(where: \.isMarked) && !text.isPrefix
        if isMarked, request.matching == .allWordsWithMarks {
            return try sequence(text, exact, isExact: true, Weight.exact)
        }
        let weight = hasMarks ? Weight.foldedBesideMarks : Weight.folded
        var parts: [Part] = [(try sequence(text, folded, isExact: false, weight), CLUCENE_MUST)]
        if scores, isMarked { parts.append((try sequence(text, exact, isExact: true, Weight.exact), CLUCENE_SHOULD)) }
        return try maker.boolean(parts + others)
    }

    /// A word, a prefix, or words one after another.
    private func sequence(
        _ text: SearchQuery.Text, _ field: LuceneField, isExact: Bool, _ boost: Float
    ) throws(IndexError) -> LuceneQuery {
        guard text.isPrefix else {
            let words = text.words.map { isExact ? $0.exact : $0.folded }
            return words.count == 1 ? try maker.term(field, words[0], boost) : try maker.phrase(field, words, boost)
        }
        // Marks are not compared: the tone of an unfinished word is not known.
        let place: LuceneField = field == .exact ? .folded : field == .titleExact ? .titleFolded : field
        let words = text.words.map(\.folded)
        let prefix = try maker.prefix(place, words[words.count - 1], most: Self.maxExpansions, boost)
        guard words.count > 1 else { return prefix }
        let before =
            words.count == 2 ? try maker.term(place, words[0]) : try maker.phrase(place, Array(words.dropLast()), 1)
        return try maker.boolean([(before, CLUCENE_MUST), (prefix, CLUCENE_MUST)])
    }
}
