// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree
import Spelling

/// How many articles there are for each month, topic or source: `articlectl list --histogram`.
struct ArticleHistogram {
    enum Kind: String, CaseIterable, Sendable {
        case month, topic, source

        init(option text: String) throws(CommandFailure) {
            guard let kind = Kind(rawValue: text) else {
                let meant = Suggestion.closest(to: text, among: Self.allCases.map(\.rawValue))
                throw .usage(
                    "--histogram \(text): month, topic or source is expected", hint: meant.map { "did you mean \($0)?" }
                )
            }
            self = kind
        }
    }

    /// Sources are what writers say, and there may be as many as articles. Those beyond so many are counted together.
    static let maxKeys = 65_536
    /// Rows on a terminal.
    private static let maxRows = 40
    /// Months without articles are shown too, unless there are too many.
    private static let maxMonths = 1200

    let kind: Kind
    private(set) var counts: [String: UInt64] = [:]
    private(set) var articles = 0
    /// Counts of all keys that came when there was no room for another.
    private(set) var others: UInt64 = 0

    init(_ kind: Kind) { self.kind = kind }

    /// Counts the articles of a list, and prints the counts.
    ///
    /// - Returns: how many articles there were.
    func run(_ request: ListRequest, _ left: LeftOut, _ session: Session) async throws -> Int {
        var histogram = self
        var request = request
        request.view = .summary
        var progress = Progress(
            shown: session.terminal.showsErrors && !session.json, delay: 500_000_000)
        defer { progress.clear() }
        let isAll = request == ListRequest(limit: request.limit, view: .summary)
        let stored = isAll ? try await session.client.stats().storage?.records ?? 0 : 0
        let whole = request.limit > 0 ? min(stored, request.limit) : stored
        for try await item in left.skipping(session.client.list(request)) {
            histogram.add(item.article)
            let fraction = whole > 0 ? Double(histogram.articles) / Double(whole) : nil
            progress.show(count: histogram.articles, fraction: fraction)
        }
        progress.clear()
        for line in histogram.lines(session) { try session.output.line(line) }
        return histogram.articles
    }

    mutating func add(_ article: Article) {
        articles += 1
        switch kind {
        case .month: count(String(TimeText.localDay(article.listedAt).dropLast(3)))
        case .topic:
            if article.topics.isEmpty { count("") }
            for slug in Set(article.topics.map(\.slug)) { count(slug) }
        case .source: count(article.source)
        }
    }

    private mutating func count(_ key: String) {
        if counts.count < Self.maxKeys || counts[key] != nil {
            counts[key, default: 0] += 1
        } else {
            others += 1
        }
    }

    // MARK: What is printed

    private func lines(_ session: Session) -> [String] {
        if session.json {
            return rows.map { json($0.key, $0.count).text } + (others > 0 ? [json(nil, others).text] : [])
        }
        if !session.terminal.showsOutput {
            let lines = rows.map { "\(Sanitised.text($0.key))\t\($0.count)" }
            return lines + (others > 0 ? ["(others)\t\(others)"] : [])
        }
        return articles == 0 ? ["no articles match"] : chart(width: session.terminal.width, style: session.style)
    }

    /// Months in their order, the others by their counts.
    var rows: [(key: String, count: UInt64)] {
        if kind == .month { return months }
        return counts.map { (key: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.key) < ($0.count, $1.key) }
    }

    private var months: [(key: String, count: UInt64)] {
        let known = counts.keys.sorted()
        guard let first = known.first.flatMap(Self.number), let last = known.last.flatMap(Self.number),
            first <= last, last - first < Self.maxMonths
        else { return known.map { ($0, counts[$0] ?? 0) } }
        return (first...last).map { month in
            let year = String(month / 12)
            let key = String(repeating: "0", count: max(0, 4 - year.count)) + year + "-" + Quantity.two(month % 12 + 1)
            return (key, counts[key] ?? 0)
        }
    }

    /// Months since the year 0 of "2009-06".
    private static func number(_ month: String) -> Int? {
        let parts = month.split(separator: "-").compactMap { Int($0) }
        return parts.count == 2 ? parts[0] * 12 + parts[1] - 1 : nil
    }

    private func json(_ key: String?, _ count: UInt64) -> JSON {
        let name: JSON = key.map { $0.isEmpty ? .null : .string($0) } ?? .null
        let members = [(kind.rawValue, name), ("articles", .integer(count))]
        return .object(key == nil ? members + [("others", .bool(true))] : members)
    }

    /// A label, a count and a bar for each key, in lines that fit.
    func chart(width: Int, style: Style) -> [String] {
        let rows = rows
        var shown = rows.map { (label: $0.key.isEmpty ? "(none)" : $0.key, count: $0.count) }
        if kind != .month, shown.count > Self.maxRows {
            let hidden = shown[Self.maxRows...]
            let rest = hidden.reduce(others) { $0 + $1.count }
            let label = Quantity.count(hidden.count, "other")
            shown = Array(shown.prefix(Self.maxRows))
            shown.append((label, rest))
        } else if others > 0 {
            shown.append(("(others)", others))
        }
        let largest = shown.map(\.count).max() ?? 0
        var labels = Table([
            .init(kind.rawValue.uppercased(), atMost: max(10, min(40, width / 3))),
            .init("ARTICLES", rightAligned: true), .init(""),
        ])
        let label = shown.map { min(max(10, min(40, width / 3)), DisplayWidth.of($0.label)) }.max() ?? 0
        let number = max(8, Quantity.grouped(largest).count)
        // What is left of the line, the last column of which stays empty.
        let room = min(100, width - max(label, kind.rawValue.count) - number - 5)
        for row in shown {
            labels.append([row.label, Quantity.grouped(row.count), Bars.bar(row.count, of: largest, width: room)])
        }
        let end = Wrapping.hanging(summary(rows.count { !$0.key.isEmpty }), indent: 2, width: width)
        return labels.lines(width: width, style: style) + end.map(style.faint)
    }

    /// "33,759 articles in 14 topics; an article counts under each of its topics"
    private func summary(_ keys: Int) -> String {
        let several = kind == .topic && counts.values.reduce(others, +) > UInt64(articles)
        return Quantity.count(articles, "article") + " in " + Quantity.count(keys, kind.rawValue)
            + (several ? "; an article counts under each of its topics" : "")
    }
}
