// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree
import Testing

@testable import articlectl

/// What `status`, `top` and `list --histogram` make of what the service tells.
@Suite struct FiguresTests {
    private static func method(_ name: String, _ statuses: [StatusCode: UInt64]) -> MethodStats {
        let count = statuses.values.reduce(0, +)
        var counts = [UInt64](repeating: 0, count: 24)
        counts[5] = count
        return MethodStats(
            name: name, count: count, errors: count - (statuses[.ok] ?? 0),
            statuses: statuses.map { StatusCount(code: $0.key.rawValue, count: $0.value) },
            latency: Histogram(boundsNs: (0..<23).map { 1000 << UInt64($0) }, counts: counts, sumNs: count * 20_000))
    }

    /// The service says that articles are not there, or not as expected: that is what it was asked.
    @Test func answersAreNoErrors() {
        let method = Self.method(
            "store.put", [.ok: 90, .notFound: 4, .conflict: 3, .alreadyExists: 2, .cancelled: 1, .internal: 7])
        #expect(method.errors == 17)
        #expect(method.failures == 7)
        #expect(method.statusText == "7 internal, 4 not found, 3 conflict, 2 already exists, 1 cancelled")
        for code in StatusCode.allCases {
            let isAnswer = [.ok, .notFound, .alreadyExists, .conflict, .cancelled].contains(code)
            #expect(Self.method("x", [code: 1]).failures == (isAnswer ? 0 : 1), "\(code)")
        }
        let stats = StatsResult(methods: [method])
        let json = StatusJSON.json(HealthResult(), ServiceDescription(), stats)
        #expect(json.text.contains(#""errors":7,"#))
        #expect(json.text.contains(#""NOT_FOUND":4"#))
    }

    /// Plugins tell what they like, the unit included.
    @Test func figuresOfPlugins() {
        let stats = StatsResult(figures: [
            PluginFigure(plugin: "search", name: "index_bytes", unit: "bytes", value: 4_194_304),
            PluginFigure(
                plugin: "search", name: "lookups", counter: true, value: 7,
                labels: [FigureLabel(name: "part", value: "a")]),
            PluginFigure(plugin: "mirror", name: "lag", value: -0.5),
        ])
        let page = StatusPage(width: nil, style: Style(enabled: false), now: 0)
        let lines = page.lines(HealthResult(), ServiceDescription(), stats)
        #expect(lines.contains { $0.hasPrefix("search ") && $0.hasSuffix("MiB, lookups{part=a} 7") }, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("mirror ") && $0.hasSuffix("lag -0.5") }, "\(lines)")
        let json = StatusJSON.json(HealthResult(), ServiceDescription(), stats).text
        #expect(json.contains(#""plugin":"search","name":"lookups","counter":true,"unit":null,"value":7"#), "\(json)")
        #expect(json.contains(#""labels":{"part":"a"}"#))
    }

    private static let storage = StorageStats(
        records: 33_759, usedBytes: 45 << 20, fileBytes: 64 << 20, transactions: 1, writes: 1,
        scrubEndedAt: 1_700_000_000_000, scrubRecords: 1)

    @Test(arguments: [80, 100, 200]) func statusFits(_ width: Int) {
        let stats = StatsResult(
            methods: [
                Self.method("fetch.get", [.ok: 1_234_567, .notFound: 89_012, .deadlineExceeded: 3]),
                Self.method("a-plugin-of-others.with-a-long-name", [.ok: 1]),
            ], connections: 4000, connectionsAccepted: 1_234_567, connectionsRefused: 12_345, inFlight: 1000,
            bytesReceived: 1 << 40, bytesSent: 1 << 41, bytesBuffered: 1 << 30, storage: Self.storage,
            protocolErrors: 1)
        let health = HealthResult(
            state: .degraded,
            components: [
                ComponentHealth(
                    name: "lmdb-storage", state: .degraded,
                    message: "the disk is nearly full, and writes will be refused when it has less than 64 MiB left")
            ])
        let service = ServiceDescription(
            version: "1.0", startedAt: 1_700_000_000_000,
            listeners: ["unix:/run/articled/articled.sock", "tcp:127.0.0.1:7450", "tcp:[::1]:7450"])
        let page = StatusPage(width: width, style: Style(enabled: true), now: 1_700_000_180_000)
        let lines = page.lines(health, service, stats)
        for line in lines { #expect(DisplayWidth.of(line) <= width, "\(line)") }
        let text = lines.joined(separator: "\n")
        #expect(text.contains("1 protocol error"))
        #expect(text.contains("1 write in 1 transaction"))
        #expect(text.contains("33,759 articles"))
        #expect(text.contains("checked      3 min ago"))
        #expect(text.contains("(2023-11-1") == (width == 200), "absolute times where there is room")
        let plain = StatusPage(width: nil, style: Style(enabled: false), now: 1_700_000_180_000)
            .lines(health, service, stats).joined(separator: "\n")
        #expect(plain.contains("89,012 not found, 3 deadline exceeded"))
    }

    // MARK: top

    private static let service = ServiceDescription(
        version: "1.0",
        plugins: [
            PluginDescription(name: "store", version: "1.0", methods: ["store.put"]),
            PluginDescription(name: "fetch", version: "1.0", methods: ["fetch.get"]),
        ])

    private static func reading(
        at seconds: UInt64, since start: Int64 = 1, _ ok: UInt64, _ missing: UInt64, _ failed: UInt64
    ) -> Reading {
        let stats = StatsResult(
            startedAt: start,
            methods: [method("fetch.get", [.ok: ok, .notFound: missing]), method("store.put", [.internal: failed])],
            connections: 5, connectionsAccepted: ok, bytesSent: ok * 2048, storage: Self.storage)
        let metrics = """
            # TYPE process_cpu_seconds counter
            process_cpu_seconds_total \(Double(ok) / 1000)
            process_open_fds 40
            process_resident_memory_bytes 104857600
            articled_connections 5
            """
        return Reading(at: seconds * 1_000_000_000, service, stats, HealthResult(), metrics)
    }

    @Test func ratesAreOfTheTimeBetween() {
        var view = TopView(Self.reading(at: 10, 1000, 0, 0), after: nil, [.systemDefault])
        #expect(view.rate == nil && view.json["requests_per_second"] == .null)
        view.advance(to: Self.reading(at: 12, 3000, 500, 100))
        #expect(view.rate == 1300)
        #expect(view.json["errors_per_second"] == .float(50.0))
        #expect(view.json["processors"] == .float(1.0))
        #expect(view.json["sent_bytes_per_second"] == .float(2_048_000.0))
        let text = TopPage(width: 100, rows: nil, style: Style(enabled: false)).lines(view).joined(separator: "\n")
        #expect(text.contains("requests     1,300/s, 50 errors/s"))
        #expect(text.contains("1.00 processors, 100.0 MiB memory, 40 open files"))
        #expect(text.contains("500 not found"))
        // Nothing since.
        view.advance(to: Self.reading(at: 13, 3000, 500, 100))
        #expect(view.rate == 0 && view.history == [1300, 0])
        // The service was restarted: it counts from zero, and there is no time that these counts are of.
        view.advance(to: Self.reading(at: 14, since: 2, 10, 0, 0))
        #expect(view.rate == nil)
        view.advance(to: Self.reading(at: 15, since: 2, 11, 0, 0))
        #expect(view.rate == 1)
    }

    @Test(arguments: [40, 80, 100, 200]) func topFits(_ width: Int) {
        var view = TopView(Self.reading(at: 10, 1000, 0, 0), after: nil, [.systemDefault])
        for second in 11..<100 as Range<UInt64> {
            view.advance(to: Self.reading(at: second, second * second * 1000, second, second))
        }
        let page = TopPage(width: width, rows: nil, style: Style(enabled: true))
        for line in page.lines(view, trouble: String(repeating: "nobody is there. ", count: 20)) {
            #expect(DisplayWidth.of(line) <= width || width < 80, "\(line)")
        }
        let short = TopPage(width: width, rows: 10, style: Style(enabled: false)).lines(view)
        #expect(short.count == 10)
        #expect(short.last?.hasSuffix("more lines") == true)
    }

    // MARK: list --histogram

    @Test func monthsAreCompleteAndInOrder() {
        var histogram = ArticleHistogram(.month)
        for day in ["2009-06-15", "2009-06-20", "2009-03-01", "2008-12-10"] {
            let time = TimeText.parse(day + "T12:00", zone: .local) ?? 0
            histogram.add(Article(title: day, publishedAt: time))
        }
        #expect(histogram.rows.map(\.key) == (["2008-12"] + (1...6).map { "2009-0\($0)" }))
        #expect(histogram.rows.map(\.count) == [1, 0, 0, 1, 0, 0, 2])
        let chart = histogram.chart(width: 40, style: Style(enabled: false))
        #expect(chart.first == "MONTH    ARTICLES")
        #expect(chart[7].hasPrefix("2009-06         2  ████████"))
        #expect(chart[7].count == 39, "it fills the line")
        #expect(chart[2] == "2009-01         0")
        #expect(chart.last == "4 articles in 7 months")
        // Two that are far apart.
        histogram.add(Article(title: "a", publishedAt: -50_000_000_000_000))
        #expect(histogram.rows.count == 4)
    }

    @Test func topicsAndSources() {
        var topics = ArticleHistogram(.topic)
        let (business, sport) = (Topic(slug: "kinh-doanh", score: 1), Topic(slug: "the-thao", score: 0.5))
        topics.add(Article(title: "1", topics: [business, sport]))
        topics.add(Article(title: "2", topics: [business]))
        topics.add(Article(title: "3"))
        #expect(topics.rows.map(\.key) == ["kinh-doanh", "", "the-thao"])
        let chart = topics.chart(width: 80, style: Style(enabled: false))
        #expect(chart[2].hasPrefix("(none)"))
        #expect(chart.last == "3 articles in 2 topics; an article counts under each of its topics")

        var sources = ArticleHistogram(.source)
        for number in 0..<100 {
            for _ in 0...number { sources.add(Article(source: "Báo số \(number) của tỉnh", title: "x")) }
        }
        for width in [40, 80, 100, 200] {
            let lines = sources.chart(width: width, style: Style(enabled: false))
            #expect(lines.count == 43, "40 rows, and one for the others")
            #expect(lines[41].hasPrefix("60 others"))
            for line in lines { #expect(DisplayWidth.of(line) < width, "\(line)") }
        }
    }

    /// However many sources there are, memory is bounded, and every article is counted.
    @Test func sourcesBeyondTheMostAreCountedTogether() {
        var sources = ArticleHistogram(.source)
        let more = 1000
        for number in 0..<ArticleHistogram.maxKeys + more { sources.add(Article(source: "\(number)", title: "x")) }
        sources.add(Article(source: "1", title: "x"))
        #expect(sources.counts.count == ArticleHistogram.maxKeys)
        #expect(sources.others == UInt64(more))
        #expect(sources.rows.first.map { $0.key == "1" && $0.count == 2 } == true)
    }
}
