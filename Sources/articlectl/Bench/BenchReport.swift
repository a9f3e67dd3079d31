// SPDX-License-Identifier: Apache-2.0
import JSONTree

/// The figures of one measurement.
struct BenchReport {
    let plan: BenchPlan
    let endpoint: String
    let seconds: Double
    let requests: UInt64
    /// Received.
    let bytes: UInt64
    let sentBytes: UInt64
    let errors: UInt64
    let firstError: String?
    let reconnects: Int
    /// In which nothing was answered, nanoseconds.
    let longestPause: UInt64
    let latency: LatencyHistogram
    let generatorCores: Double

    private var rate: Double { Double(requests) / seconds }

    private static let shares = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)]

    /// For people, as wide as the terminal if standard output is one.
    var text: String { text(width: Terminal.current.tableWidth) }

    /// - Parameter width: of the terminal; nil: a line is as long as it is.
    func text(width: Int?) -> String {
        func duration(_ nanoseconds: UInt64) -> String { Quantity.duration(nanoseconds: Double(nanoseconds)) }
        let peer = plan.peer == .articled ? "" : " (\(plan.peer.rawValue))"
        var lines = [
            "\(plan.operation.rawValue) at \(endpoint)\(peer): \(Quantity.count(plan.connections, "connection")), "
                + "\(Quantity.count(plan.pipeline, "request")) at a time on each"
        ]
        var facts = Facts()
        facts.append(
            "throughput",
            [
                "\(Quantity.grouped(Int(rate))) requests/s",
                "\(Quantity.grouped(Int(Double(bytes) / seconds / 1e6))) MB/s received",
                "\(Quantity.grouped(Int(Double(sentBytes) / seconds / 1e6))) MB/s sent",
            ])
        facts.append(
            "latency",
            Self.shares.map { "\($0) " + duration(latency.quantile($1)) } + ["max \(duration(latency.maximum))"])
        facts.append(
            "in all",
            [
                "\(Quantity.count(requests, "request")) in \(Int(seconds)) s", Quantity.count(errors, "error"),
                Quantity.count(reconnects, "reconnect"), "longest pause \(duration(longestPause))",
            ])
        lines += facts.lines(width: width.map { $0 - 2 }).map { "  " + $0 }
        if let firstError { lines.append("  first error: \(firstError)") }
        if generatorCores > 0.95 {
            lines.append("  the generator used all of its core: the service may be faster than this")
        }
        return lines.flatMap { line in
            let margin = String(line.prefix { $0 == " " })
            let text = String(line.dropFirst(margin.count))
            // The facts are set already, in columns.
            guard let width, DisplayWidth.of(line) > width else { return [line] }
            return Wrapping.hanging(text, indent: 2, width: width - margin.count).map { margin + $0 }
        }.map { $0 + "\n" }.joined()
    }

    /// One line for programs. Latencies in microseconds.
    var json: String {
        func micro(_ nanoseconds: UInt64) -> JSON { .float(Double(nanoseconds) / 1000) }
        var members: [(String, JSON)] = [
            ("operation", .string(plan.operation.rawValue)), ("peer", .string(plan.peer.rawValue)),
            ("endpoint", .string(endpoint)), ("connections", .integer(plan.connections)),
            ("pipeline", .integer(plan.pipeline)), ("seconds", .float(seconds)), ("requests", .integer(requests)),
            ("per_second", .float(rate)), ("bytes_per_second", .float(Double(bytes) / seconds)),
            ("sent_bytes_per_second", .float(Double(sentBytes) / seconds)),
        ]
        members += [
            ("p50_us", micro(latency.quantile(0.5))), ("p99_us", micro(latency.quantile(0.99))),
            ("p999_us", micro(latency.quantile(0.999))), ("max_us", micro(latency.maximum)),
            ("errors", .integer(errors)), ("reconnects", .integer(reconnects)),
            ("longest_pause_us", micro(longestPause)), ("generator_cores", .float(generatorCores)),
        ]
        if let firstError { members.append(("first_error", .string(firstError))) }
        return JSON.object(members).text
    }
}
