// SPDX-License-Identifier: Apache-2.0
internal import IndexFollowing
internal import SearchText

/// A query in which words were replaced that were probably misspelt.
///
/// A word that no article has, or that few have beside the words next to it, is compared with those that differ from it by one
/// letter. The words next to it decide: `bomg da` becomes `bong da`, since articles have these two side by side.
struct Correction: Sendable, Equatable {
    /// What was replaced: places in the typed text, in order, and words in their folded form.
    var replaced: [(range: Range<Int>, word: String)]
    /// All words of the corrected query in their folded form.
    var words: [String]
    /// Whether the typed text has marks. Then a replacement has them, too.
    var isMarked: Bool

    static func == (one: Correction, other: Correction) -> Bool {
        one.words == other.words && one.isMarked == other.isMarked
            && one.replaced.map(\.range) == other.replaced.map(\.range)
    }
}

/// Finds the correction of a query.
struct Corrector {
    /// Words of longer queries are not corrected.
    private static let maxWords = 10
    private static let maxCandidates = 8
    /// A replacement must be found so many times as often.
    private static let gain: UInt64 = 10

    let snapshot: any SearchSnapshot
    let vocabulary: Vocabulary

    /// nil if there is nothing better, or the query is not one of plain words.
    func correct(_ text: String, _ query: SearchQuery) throws(IndexError) -> Correction? {
        let tokens = TokenList(text)
        let typed = query.plainWords.map(\.folded)
        guard !typed.isEmpty, typed.count <= Self.maxWords, typed.count == tokens.count,
            typed.indices.allSatisfy({ tokens.folded($0) == typed[$0] })
        else { return nil }
        var words = typed
        for index in words.indices {
            if let better = try better(at: index, in: words) { words[index] = better }
        }
        let changed = words.indices.filter { words[$0] != typed[$0] }
        guard !changed.isEmpty else { return nil }
        return Correction(
            replaced: changed.map { (tokens.tokens[$0].range, words[$0]) }, words: words,
            isMarked: tokens.tokens.contains(where: \.isMarked))
    }

    /// What the word at `index` is replaced by; nil: nothing.
    private func better(at index: Int, in words: [String]) throws(IndexError) -> String? {
        // Digits are meant as they are typed, and short words have too many neighbours.
        guard words[index].utf8.count >= 2, !words[index].utf8.contains(where: { (0x30...0x39).contains($0) }) else {
            return nil
        }
        let frequency = try snapshot.frequency(of: words[index])
        let beside = try pairs(words[index], at: index, in: words)
        var best: (word: String, pairs: UInt64, articles: UInt64)?
        for candidate in vocabulary.neighbours(of: words[index], most: Self.maxCandidates) {
            let pairs = try pairs(candidate.word, at: index, in: words)
            if best.map({ (pairs, candidate.articles) > ($0.pairs, $0.articles) }) ?? true {
                best = (candidate.word, pairs, candidate.articles)
            }
        }
        guard let best else { return nil }
        if best.pairs > 0 { return best.pairs >= max(1, beside) * Self.gain || frequency == 0 ? best.word : nil }
        return beside == 0 && best.articles >= max(1, frequency) * Self.gain && (frequency == 0 || words.count == 1)
            ? best.word : nil
    }

    /// In how many articles a word stands beside the ones next to it.
    private func pairs(_ word: String, at index: Int, in words: [String]) throws(IndexError) -> UInt64 {
        var count: UInt64 = 0
        if index > 0 { count += try snapshot.frequency(ofPair: "\(words[index - 1]) \(word)") }
        if index + 1 < words.count { count += try snapshot.frequency(ofPair: "\(word) \(words[index + 1])") }
        return count
    }
}

extension SearchQuery {
    /// The words of a query that has nothing else; empty if it has operators, fields, phrases or prefixes.
    var plainWords: [Word] {
        let nodes: [Node]
        switch root {
        case .all(let all, isImplicit: true): nodes = all
        case .some(let node): nodes = [node]
        case nil: nodes = []
        }
        var words: [Word] = []
        for node in nodes {
            guard case .text(let text) = node, node.isWord, !text.isPrefix else { return [] }
            words += text.words
        }
        return words
    }
}

extension Correction {
    /// The typed text with the replacements, spelled as they are in the articles that the corrected query finds.
    func applied(to text: String, spelledAs articles: [String]) -> String {
        var bytes = Array(text.utf8)
        let spelling = isMarked ? spellings(in: articles) : [:]
        for (range, word) in replaced.reversed() where range.upperBound <= bytes.count {
            let typed = String(decoding: bytes[range], as: UTF8.self)
            let spelled = spelling[word] ?? word
            let isCapital = typed.first.map { $0.isUppercase } ?? false
            let written = isCapital ? spelled.prefix(1).uppercased() + spelled.dropFirst() : spelled
            bytes.replaceSubrange(range, with: written.utf8)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// How each replaced word is written most often, preferably beside the same words.
    private func spellings(in articles: [String]) -> [String: String] {
        let wanted = Set(replaced.map(\.word))
        var counts: [String: [String: Int]] = [:]
        for article in articles {
            let bytes = Array(article.utf8)
            let tokens = TokenList(article)
            for index in 0..<tokens.count {
                let folded = tokens.folded(index)
                guard wanted.contains(folded) else { continue }
                let written = String(decoding: bytes[tokens.tokens[index].range], as: UTF8.self).lowercased()
                let before = index > 0 ? tokens.folded(index - 1) : nil
                let after = index + 1 < tokens.count ? tokens.folded(index + 1) : nil
                let fits = words.indices.contains { place in
                    words[place] == folded
                        && (place > 0 && words[place - 1] == before
                            || place + 1 < words.count && words[place + 1] == after)
                }
                counts[folded, default: [:]][written, default: 0] += fits ? 20 : 1
            }
        }
        return counts.compactMapValues { spellings in
            spellings.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
        }
    }
}
