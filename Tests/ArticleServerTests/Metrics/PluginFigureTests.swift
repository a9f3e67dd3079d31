// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import ArticleServer

@Suite struct PluginFigureTests {
    /// What is wrong is left out, and everything else is there.
    @Test func mistakes() throws {
        let plugins = try FixturePlugins("odd-metrics")
        let host = try PluginHost.load(plugins.settings, stateDirectory: plugins.directory.path)
        let figures = host.figures()
        #expect(Set(figures.map(\.name)) == ["lookups", "index_bytes", "again", "many"])
        #expect(figures.filter { $0.name == "lookups" }.map(\.value) == [7, 8])
        // 16 come before "many", and 256 are the most.
        #expect(figures.count { $0.name == "many" } == 240)
        let reported = try #require(host.plugins.first).own.mistakes
        #expect(
            reported.all == [
                "Capital", "no_number", "endless", "backwards", "calls_total", "odd_kind", "age", "lookups", "again",
                "label_twice", "label_name", "many_labels", "more than 256",
            ])
        // Each is reported once.
        #expect(host.figures().count == figures.count)
        #expect(reported.all.count == 13)
        #expect(host.stop(within: 10_000_000_000))
    }

    private func text(_ figures: [PluginFigure]) -> String {
        ServiceMetrics(
            description: ServiceDescription(), statistics: StatsResult(figures: figures), health: HealthResult(),
            listeners: [], process: ProcessUsage(startedAt: 0),
            background: [
                ("search", BackgroundWork.Usage(cpuSeconds: 1.5, works: [("follow", 1, 2)]))
            ]
        ).openMetrics
    }

    private func figure(
        _ plugin: String, _ name: String, _ value: Double, counter: Bool = false, unit: String = "",
        _ labels: [FigureLabel] = []
    ) -> PluginFigure {
        PluginFigure(
            plugin: plugin, name: name, counter: counter, unit: unit, value: value, labels: labels,
            help: "Of \(name).")
    }

    @Test func openMetrics() {
        let text = text([
            figure("near-duplicates", "index_bytes", 5, unit: "bytes"),
            figure("search", "lookups", 1, counter: true, [FigureLabel(name: "part", value: "a")]),
            figure("search", "age", 0.5),
            figure("search", "lookups", 2, counter: true, [FigureLabel(name: "part", value: "b")]),
        ])
        for line in [
            "# TYPE articled_near_duplicates_index_bytes gauge", "# UNIT articled_near_duplicates_index_bytes bytes",
            "# HELP articled_near_duplicates_index_bytes Of index_bytes.", "articled_near_duplicates_index_bytes 5.0",
            "articled_search_age 0.5", "articled_background_cpu_seconds_total{plugin=\"search\"} 1.5",
            "articled_background_work{plugin=\"search\",work=\"follow\"} 1",
            "articled_background_failures_total{plugin=\"search\",work=\"follow\"} 2",
        ] { #expect(text.contains("\n\(line)\n"), "\(line)") }
        // The samples of a family stand together.
        #expect(
            text.contains(
                "articled_search_lookups_total{part=\"a\"} 1.0\narticled_search_lookups_total{part=\"b\"} 2.0\n"))
    }

    /// A name that is taken stays with the one that had it.
    @Test func aNameThatIsTaken() {
        let text = text([
            figure("requests", "in_flight", 7), figure("a", "b_c", 1), figure("a-b", "c", 2),
        ])
        #expect(!text.contains("articled_requests_in_flight 7.0"))
        #expect(text.contains("\narticled_a_b_c 1.0\n"))
        #expect(!text.contains("\narticled_a_b_c 2.0\n"))
    }
}
