// SPDX-License-Identifier: Apache-2.0
/// "Did you mean": the nearest of the words that exist.
public enum Suggestion {
    /// - Returns: the closest by letters inserted, removed, replaced or swapped; nil if none is near enough to be meant.
    public static func closest(to word: String, among words: [String]) -> String? {
        let allowed = max(1, min(3, word.count / 2))
        let best = words.map { ($0, distance(word, $0)) }.min { $0.1 < $1.1 }
        if let best, best.1 <= allowed { return best.0 }
        guard word.count >= 2 else { return nil }
        let beginning = words.filter { $0.hasPrefix(word) }
        return beginning.count == 1 ? beginning[0] : nil
    }

    /// Damerau-Levenshtein distance with adjacent swaps. Both words are short: names that a person typed.
    static func distance(_ one: String, _ other: String) -> Int {
        let a = Array(one.lowercased().prefix(64))
        let b = Array(other.lowercased().prefix(64))
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
