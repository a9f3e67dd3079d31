// SPDX-License-Identifier: Apache-2.0
/// A text, or a passage of one, with the places of the words that were searched.
public struct Highlights: Sendable, Equatable {
    /// The text in its own spelling. "…" stands where it was cut, and a blank for each run of blanks and line ends.
    public var text: String
    /// The places, in bytes of UTF-8, in order and without overlaps.
    public var marks: [Range<Int>]

    /// Creates a value.
    public init(text: String = "", marks: [Range<Int>] = []) {
        self.text = text
        self.marks = marks
    }
}

/// Finds the words of a query in a text, and the passage that shows them best.
///
/// A word with marks is found as it was typed, and in texts that have no marks. Only if neither occurs, words with other
/// marks are shown: they are what the article was found by.
public struct Highlighter: Sendable {
    private let texts: [SearchQuery.Text]
    /// Occurrences beyond this many in a text are not considered.
    private static let maxMatches = 2000

    /// Creates a highlighter for the words that an article should contain.
    public init(_ query: SearchQuery) { texts = query.texts.filter { $0.place != .author } }

    /// The whole text.
    public func whole(_ text: String) -> Highlights {
        let tokens = TokenList(text)
        let matches = matches(in: tokens).sorted { $0.range.lowerBound < $1.range.lowerBound }
        return Self.cut(Array(text.utf8), 0..<text.utf8.count, tokens, matches, isStart: true, isEnd: true)
    }

    /// The passage with most of the words, of at most `maxBytes` bytes without the signs of the cuts. Without any of the
    /// words it is the beginning.
    public func passage(_ text: String, maxBytes: Int) -> Highlights {
        let tokens = TokenList(text)
        let matches = matches(in: tokens).sorted { $0.range.lowerBound < $1.range.lowerBound }
        let bytes = Array(text.utf8)
        guard !tokens.tokens.isEmpty else { return Highlights() }
        let best = Self.best(matches, tokens, maxBytes)
        let words = Self.extended(best, tokens, bytes.count, maxBytes)
        let isEnd = words.upperBound == tokens.count
        let start = words.lowerBound == 0 ? 0 : tokens.tokens[words.lowerBound].range.lowerBound
        var end = isEnd ? bytes.count : tokens.tokens[words.upperBound - 1].range.upperBound
        // The signs that belong to the last word.
        while !isEnd, end < bytes.count, bytes[end] > 0x20, bytes[end] < 0x80 { end += 1 }
        return Self.cut(bytes, start..<end, tokens, matches, isStart: words.lowerBound == 0, isEnd: isEnd)
    }

    private struct Match {
        /// Indices of words.
        var range: Range<Int>
        /// The number of the searched text.
        var text: Int
        var weight: Double
    }

    /// All occurrences.
    private func matches(in tokens: TokenList) -> [Match] {
        var all: [Match] = []
        for (number, text) in texts.enumerated() {
            var found: [(range: Range<Int>, quality: Double)] = []
            var index = 0
            while index + text.words.count <= tokens.count, found.count < Self.maxMatches {
                if let quality = quality(of: text, at: index, in: tokens) {
                    found.append((index..<index + text.words.count, quality))
                    index += text.words.count
                } else {
                    index += 1
                }
            }
            guard let best = found.map(\.quality).max() else { continue }
            let kept = found.filter { $0.quality >= min(best, 0.6) }
            // A word that is everywhere in the text says little about a passage.
            let weight = Double(text.words.count) / (1 + Double(kept.count).squareRoot() / 4)
            all += kept.map { Match(range: $0.range, text: number, weight: weight * $0.quality) }
        }
        return all
    }

    /// How well the words at `index` match; nil: not at all.
    private func quality(of text: SearchQuery.Text, at index: Int, in tokens: TokenList) -> Double? {
        var quality = 1.0
        for (offset, word) in text.words.enumerated() {
            let token = tokens.tokens[index + offset]
            let folded = tokens.foldedBytes[token.folded]
            if text.isPrefix, offset == text.words.count - 1 {
                guard folded.starts(with: word.folded.utf8) else { return nil }
                continue
            }
            guard folded.elementsEqual(word.folded.utf8) else { return nil }
            if word.isMarked, !tokens.exactBytes[token.exact].elementsEqual(word.exact.utf8) {
                quality = min(quality, token.isMarked ? 0.3 : 0.6)
            }
        }
        return quality
    }

    /// The matches that are worth most and fit.
    private static func best(_ matches: [Match], _ tokens: TokenList, _ maxBytes: Int) -> Range<Int> {
        var best = 0..<0
        var bestScore = 0.0
        for first in matches.indices {
            var score = 0.0
            var seen: Set<Int> = []
            var previous: Match?
            for match in matches[first...] {
                let size =
                    tokens.tokens[match.range.upperBound - 1].range.upperBound
                    - tokens.tokens[matches[first].range.lowerBound].range.lowerBound
                guard size <= maxBytes else { break }
                score += seen.insert(match.text).inserted ? match.weight : match.weight / 10
                if let previous, previous.range.upperBound == match.range.lowerBound, previous.text + 1 == match.text {
                    score += match.weight / 2
                }
                previous = match
                if score > bestScore {
                    bestScore = score
                    best = matches[first].range.lowerBound..<match.range.upperBound
                }
            }
        }
        return best
    }

    /// The words around a passage that fit. It begins with a sentence if one begins a little before.
    private static func extended(_ words: Range<Int>, _ tokens: TokenList, _ size: Int, _ maxBytes: Int) -> Range<Int> {
        func bytes(_ start: Int, _ end: Int) -> Int {
            end > start ? tokens.tokens[end - 1].range.upperBound - tokens.tokens[start].range.lowerBound : 0
        }
        var start = words.lowerBound
        var end = max(words.upperBound, start + 1)
        let room = max(0, maxBytes - bytes(start, end))
        var border = start
        while start > 0, bytes(start - 1, words.lowerBound) <= room / 3 {
            start -= 1
            if tokens.tokens[start].followsBorder { border = start }
        }
        if tokens.tokens[border].followsBorder { start = border }
        while end < tokens.count, bytes(start, end + 1) <= maxBytes { end += 1 }
        // At the end of a text there is more room before.
        while end == tokens.count, start > 0, bytes(start - 1, end) <= maxBytes { start -= 1 }
        return start..<end
    }

    /// A part of the text, with its marks.
    private static func cut(
        _ bytes: [UInt8], _ range: Range<Int>, _ tokens: TokenList, _ matches: [Match], isStart: Bool, isEnd: Bool
    ) -> Highlights {
        var text: [UInt8] = isStart ? [] : Array("…".utf8)
        var marks: [Range<Int>] = []
        var open: Range<Int>?
        var rest = matches[...]
        var mark = 0
        for position in range {
            if let ending = open, position >= ending.upperBound {
                marks.append(mark..<text.count)
                open = nil
            }
            while open == nil, let next = rest.first {
                let place =
                    tokens.tokens[next.range.lowerBound].range
                    .lowerBound..<tokens.tokens[next.range.upperBound - 1].range.upperBound
                if place.lowerBound < position {
                    rest.removeFirst()
                } else if place.lowerBound == position {
                    (open, mark) = (place, text.count)
                } else {
                    break
                }
            }
            let byte = bytes[position]
            if byte <= 0x20 {
                if !text.isEmpty, text.last != 0x20, position + 1 < range.upperBound { text.append(0x20) }
            } else {
                text.append(byte)
            }
        }
        if open != nil { marks.append(mark..<text.count) }
        while text.last == 0x20 { text.removeLast() }
        if !isEnd { text += Array("…".utf8) }
        return Highlights(text: String(decoding: text, as: UTF8.self), marks: marks.filter { !$0.isEmpty })
    }
}
