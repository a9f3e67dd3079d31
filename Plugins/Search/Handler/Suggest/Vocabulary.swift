// SPDX-License-Identifier: Apache-2.0
internal import IndexFollowing
internal import LinuxRuntime
internal import Synchronization

/// The words of the articles in their folded form, with the number of articles that have each.
///
/// It is taken from a snapshot when it is first needed, and again when it is old: spelling needs no fresh one.
struct Vocabulary: Sendable {
    /// Words that fewer articles have are misspelt more often than not.
    static let leastArticles: UInt64 = 2
    /// The most words: a few megabytes.
    static let maxWords = 400_000

    private var bytes: [UInt8] = []
    private var ends: [UInt32] = []
    private var articles: [UInt32] = []

    var count: Int { ends.count }

    mutating func append(_ word: some Collection<UInt8>, articles count: UInt64) {
        bytes.append(contentsOf: word)
        ends.append(UInt32(clamping: bytes.count))
        articles.append(UInt32(clamping: count))
    }

    /// The most frequent words that differ from `word` by one letter: another one, one more or less, or two that are swapped.
    func neighbours(of word: String, most: Int) -> [(word: String, articles: UInt64)] {
        let wanted = Array(word.utf8)
        var found: [(range: Range<Int>, articles: UInt32)] = []
        var start = 0
        for (index, end) in ends.enumerated() {
            let range = start..<Int(end)
            start = Int(end)
            guard abs(range.count - wanted.count) <= 1, Self.isOneEdit(wanted, bytes[range]) else { continue }
            found.append((range, articles[index]))
        }
        return found.sorted { $0.articles > $1.articles }.prefix(most).map {
            (String(decoding: bytes[$0.range], as: UTF8.self), UInt64($0.articles))
        }
    }

    /// Whether one letter makes the difference.
    static func isOneEdit(_ one: [UInt8], _ other: ArraySlice<UInt8>) -> Bool {
        let shorter = min(one.count, other.count)
        let first = other.startIndex
        var before = 0
        while before < shorter, one[before] == other[first + before] { before += 1 }
        var after = 0
        while after < shorter - before, one[one.count - 1 - after] == other[other.endIndex - 1 - after] { after += 1 }
        let rest = shorter - before - after
        if one.count != other.count { return abs(one.count - other.count) == 1 && rest == 0 }
        return rest == 1
            || rest == 2 && one[before] == other[first + before + 1] && one[before + 1] == other[first + before]
    }
}

/// The vocabulary in use.
final class Vocabularies: Sendable {
    /// When it is taken again, in nanoseconds.
    private static let keepingTime: UInt64 = 600_000_000_000

    private struct State {
        var current: Vocabulary?
        var taken: UInt64 = 0
        /// Articles of the snapshot that it is from.
        var articles: UInt64 = 0
        var isTaking = false
    }

    private let state = Mutex(State())

    /// The present vocabulary, or that of the snapshot if there is none, or it is old. Blocks its thread for that.
    func current(_ snapshot: any SearchSnapshot, deadline: UInt64) throws(IndexError) -> Vocabulary {
        let now = MonotonicClock.now
        let articles = snapshot.articles
        let known: Vocabulary? = state.withLock { state in
            guard let current = state.current else { return nil }
            // A store that has grown much has other words.
            let isFresh =
                MonotonicClock.elapsed(from: state.taken, to: now) < Self.keepingTime
                && articles / 2 <= state.articles
            if isFresh || state.isTaking { return current }
            state.isTaking = true
            return nil
        }
        if let known { return known }
        do throws(IndexError) {
            let taken = try snapshot.vocabulary(deadline: deadline)
            state.withLock { ($0.current, $0.taken, $0.articles, $0.isTaking) = (taken, now, articles, false) }
            return taken
        } catch {
            state.withLock { $0.isTaking = false }
            throw error
        }
    }
}
