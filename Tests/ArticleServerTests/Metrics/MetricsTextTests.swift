// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import ArticleServer

@Suite struct MetricsTextTests {
    @Test func familiesAndSamples() {
        var text = MetricsText()
        text.family("a_seconds", .counter, unit: "seconds", "Of a.")
        text.sample("_total", [("b", "x"), ("c", "y")], 0.5)
        text.family("d", .gauge, "Of d.")
        text.sample(7 as UInt64)
        text.finish()
        #expect(
            text.text == """
                # TYPE a_seconds counter
                # UNIT a_seconds seconds
                # HELP a_seconds Of a.
                a_seconds_total{b="x",c="y"} 0.5
                # TYPE d gauge
                # HELP d Of d.
                d 7
                # EOF

                """)
    }

    /// A plugin's version may contain anything.
    @Test func labelsAreEscaped() {
        var text = MetricsText()
        text.family("a", .info, "Of a.")
        text.sample("_info", [("b", "\\\"\nữ")], 1 as UInt64)
        #expect(text.text.hasSuffix("a_info{b=\"\\\\\\\"\\nữ\"} 1\n"))
    }

    @Test func numbers() {
        #expect((.infinity as Double).metricText == "+Inf")
        #expect((-.infinity as Double).metricText == "-Inf")
        #expect((.nan as Double).metricText == "NaN")
        #expect((1 as Double).metricText == "1.0")
        #expect((0.000001 as Double).metricText == "1e-06")
    }

    @Test func buckets() {
        let metrics = ServiceMetrics(
            description: ServiceDescription(),
            statistics: StatsResult(methods: [
                MethodStats(
                    name: "a.b", count: 6, statuses: [StatusCount(code: 0, count: 5), StatusCount(code: 99, count: 1)],
                    latency: Histogram(boundsNs: [1000, 2000], counts: [1, 2, 3], sumNs: 1_500_000_000))
            ]), health: HealthResult(components: [ComponentHealth(name: "c", state: .degraded)]),
            listeners: [ListenerTraffic(name: "unix:/x", accepted: 3, refused: 1)],
            process: ProcessUsage(startedAt: 1500)
        ).openMetrics
        for line in [
            "articled_requests_total{method=\"a.b\",code=\"OK\"} 5",
            "articled_requests_total{method=\"a.b\",code=\"99\"} 1",
            "articled_request_duration_seconds_bucket{method=\"a.b\",le=\"1e-06\"} 1",
            "articled_request_duration_seconds_bucket{method=\"a.b\",le=\"2e-06\"} 3",
            "articled_request_duration_seconds_bucket{method=\"a.b\",le=\"+Inf\"} 6",
            "articled_request_duration_seconds_count{method=\"a.b\"} 6",
            "articled_request_duration_seconds_sum{method=\"a.b\"} 1.5",
            "articled_component_health{component=\"c\",articled_component_health=\"degraded\"} 1",
            "articled_component_health{component=\"c\",articled_component_health=\"healthy\"} 0",
            "articled_accepted_connections_total{listener=\"unix:/x\"} 3",
            "articled_refused_connections_total{listener=\"unix:/x\"} 1",
            "process_start_time_seconds 1.5",
        ] { #expect(metrics.contains("\n\(line)\n"), "\(line)") }
    }

    /// The numbers are those of this process.
    @Test func processUsage() throws {
        let usage = ProcessUsage(startedAt: 0)
        #expect(usage.cpuSeconds > 0)
        #expect(try #require(usage.residentBytes) > 1 << 20)
        #expect(try #require(usage.virtualBytes) > usage.residentBytes ?? 0)
        #expect(try #require(usage.openDescriptors) > 2)
        #expect(try #require(usage.maxDescriptors) > usage.openDescriptors ?? 0)
    }
}
