// SPDX-License-Identifier: Apache-2.0
internal import SearchText

/// Completes what a person has typed so far, with words of the titles that it was found in.
struct Completions {
    /// Words beyond this many are not looked at.
    static let maxWords = 12
    /// How many words may follow those that were typed.
    private static let maxFurther = 2

    /// What has less in all titles is a chance hit.
    private static let leastWeight = 0.15

    /// The typed text.
    private let text: String
    private let tokens: TokenList
    /// Whether the last word may go on.
    let isUnfinished: Bool

    /// nil if nothing can be completed.
    init?(_ text: String) {
        let tokens = TokenList(text)
        guard (1...Self.maxWords).contains(tokens.count) else { return nil }
        self.text = text
        self.tokens = tokens
        isUnfinished = tokens.tokens[tokens.count - 1].range.upperBound == text.utf8.count
    }

    /// Finds the titles to complete from.
    var query: SearchQuery {
        let nodes = (0..<tokens.count).map { index in
            let word = SearchQuery.Word(
                exact: tokens.exact(index), folded: tokens.folded(index), isMarked: tokens.tokens[index].isMarked)
            return SearchQuery.Node.text(
                SearchQuery.Text([word], in: .title, isPrefix: isUnfinished && index == tokens.count - 1))
        }
        return SearchQuery(root: nodes.count == 1 ? nodes[0] : .all(nodes, isImplicit: true))
    }

    private struct Candidate {
        var weight = 0.0
        var spellings: [String: Int] = [:]
        let words: Int
    }

    /// What the text may become, best first.
    func suggestions(from titles: [String], most: Int) -> [String] {
        var candidates: [String: Candidate] = [:]
        for title in titles { collect(title, &candidates) }
        let kept = candidates.filter { folded, candidate in
            guard candidate.weight >= Self.leastWeight else { return false }
            return !candidates.contains { other, rival in
                // Of phrases that begin alike, a longer one says more if it occurs as often, and nothing if it is rare.
                rival.words > candidate.words && other.hasPrefix(folded + " ") && rival.weight * 1.5 >= candidate.weight
                    || rival.words < candidate.words && folded.hasPrefix(other + " ") && candidate.weight < 2
                        && rival.weight > candidate.weight * 1.5
            }
        }
        let sorted = kept.sorted { ($0.value.weight, $1.key) > ($1.value.weight, $0.key) }
        var seen: Set<String> = []
        var suggestions: [String] = []
        for (_, candidate) in sorted where suggestions.count < most {
            let spelling = candidate.spellings.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
            guard !spelling.isEmpty, seen.insert(spelling.lowercased()).inserted else { continue }
            suggestions.append(spelling)
        }
        return suggestions
    }

    /// Takes the phrases of a title: what was typed, in the title's spelling, with some of the words that follow. If the words
    /// do not stand together there, the last one is completed alone.
    private func collect(_ title: String, _ candidates: inout [String: Candidate]) {
        let words = TokenList(title)
        let bytes = Array(title.utf8)
        func add(_ written: String, _ folded: String, _ count: Int, _ weight: Double) {
            guard folded != typedFolded || isUnfinished else { return }
            candidates[folded, default: Candidate(words: count)].weight += weight
            candidates[folded]?.spellings[written, default: 0] += 1
        }
        func spelled(_ range: Range<Int>) -> String {
            let place =
                words.tokens[range.lowerBound].range.lowerBound..<words.tokens[range.upperBound - 1].range.upperBound
            return String(decoding: bytes[place], as: UTF8.self)
        }
        func folded(_ range: Range<Int>) -> String { range.map { words.folded($0) }.joined(separator: " ") }
        var isFound = false
        for start in 0..<max(0, words.count - tokens.count + 1) {
            guard let weight = weight(of: words, at: start) else { continue }
            isFound = true
            var end = start + tokens.count
            add(spelled(start..<end), folded(start..<end), tokens.count, weight)
            while end < words.count, end < start + tokens.count + Self.maxFurther, !words.tokens[end].followsBorder {
                end += 1
                add(spelled(start..<end), folded(start..<end), end - start, weight)
            }
        }
        guard !isFound, isUnfinished else { return }
        let last = tokens.tokens[tokens.count - 1].range
        for index in 0..<words.count {
            guard let weight = self.weight(of: words, index, as: tokens.count - 1) else { continue }
            let before = String(decoding: Array(text.utf8)[..<last.lowerBound], as: UTF8.self)
            let typed = (0..<tokens.count - 1).map { tokens.folded($0) } + [words.folded(index)]
            add(before + spelled(index..<index + 1), typed.joined(separator: " "), tokens.count, weight / 10)
        }
    }

    private var typedFolded: String { (0..<tokens.count).map { tokens.folded($0) }.joined(separator: " ") }

    /// How well the words from `start` on are what was typed; nil: not at all.
    private func weight(of words: TokenList, at start: Int) -> Double? {
        var weight = 1.0
        for index in 0..<tokens.count {
            guard let quality = self.weight(of: words, start + index, as: index) else { return nil }
            if index > 0, words.tokens[start + index].followsBorder { return nil }
            weight *= quality
        }
        return weight
    }

    /// The same for one word.
    private func weight(of words: TokenList, _ place: Int, as index: Int) -> Double? {
        let typed = tokens.tokens[index]
        let word = words.tokens[place]
        let wanted = tokens.foldedBytes[typed.folded]
        let found = words.foldedBytes[word.folded]
        let isPrefix = isUnfinished && index == tokens.count - 1
        guard isPrefix ? found.starts(with: wanted) : found.elementsEqual(wanted) else { return nil }
        guard typed.isMarked else { return 1 }
        let exact = tokens.exactBytes[typed.exact]
        let exactFound = words.exactBytes[word.exact]
        if !isPrefix { return exactFound.elementsEqual(exact) ? 1 : 0.05 }
        // A tone is typed before or after the rest of its word.
        let letters = exact.prefix { !Self.isTone($0) }
        let tones = exact.drop { !Self.isTone($0) }
        let agrees =
            exactFound.starts(with: letters) && (tones.isEmpty || exactFound.reversed().starts(with: tones.reversed()))
        return agrees ? 1 : 0.05
    }

    private static func isTone(_ byte: UInt8) -> Bool { "`'~?.".utf8.contains(byte) }
}
