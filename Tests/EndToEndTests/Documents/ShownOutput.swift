// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Output that a document shows, compared with what a command printed.
enum ShownOutput {
    /// Whether the two are the same but for times, sizes, rates and made-up ids. A line `...` stands for any lines.
    static func matches(_ shown: [String], _ printed: [String]) -> Bool {
        match(shown.map(normalised)[...], printed.map(normalised)[...])
    }

    private static func match(_ shown: ArraySlice<String>, _ printed: ArraySlice<String>) -> Bool {
        guard let first = shown.first else { return printed.isEmpty }
        if first == "..." {
            let rest = shown.dropFirst()
            return (printed.startIndex...printed.endIndex).contains { match(rest, printed[$0...]) }
        }
        guard first == printed.first else { return false }
        return match(shown.dropFirst(), printed.dropFirst())
    }

    /// A line without what differs from run to run. Ids that follow from an article's content begin with zeros, and
    /// stay.
    static func normalised(_ line: String) -> String {
        line
            .replacing(/(?!00000000-)[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/, with: "ID")
            .replacing(/\d{4}-\d\d-\d\d[T ]\d\d[:-]\d\d([:-]\d\d(\.\d+)?)?Z?/, with: "TIME")
            .replacing(/\d[\d,.]*\/s\b/, with: "N/s")
            .replacing(/\d[\d,.]*\s?(ns|µs|ms|s)\b/, with: "DURATION")
            .replacing(/\d[\d,.]* (B|KiB|MiB|GiB)\b/, with: "SIZE")
            .replacing(/\s+/, with: " ")
            .trimmingCharacters(in: .whitespaces)
    }

    /// What a terminal shows in the end: of a line that was written over, what came last.
    static func settled(_ terminal: String) -> [String] {
        var lines = terminal.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false).map
        {
            line in
            let last = line.split(separator: "\r", omittingEmptySubsequences: true).last ?? ""
            let shown = last.ranges(of: "\u{1b}[K").last.map { last[$0.upperBound...] } ?? last
            return String(shown.replacing(/\u{1b}\[[0-9;?]*[A-Za-z]/, with: ""))
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        while lines.first?.isEmpty == true { lines.removeFirst() }
        return lines
    }
}
