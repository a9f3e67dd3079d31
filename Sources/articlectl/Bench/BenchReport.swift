/// The figures of one measurement.
struct BenchReport {
    let plan: BenchPlan
    let endpoint: String
    let seconds: Double
    let requests: UInt64
    let bytes: UInt64
    let errors: UInt64
    let firstError: String?
    let reconnects: Int
    /// In which nothing was answered, nanoseconds.
    let longestPause: UInt64
    let latency: LatencyHistogram
    let generatorCores: Double

    private var rate: Double { Double(requests) / seconds }

    private static let shares = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)]

    /// For people.
    var text: String {
        var text = "\(plan.operation.rawValue) at \(endpoint)"
        if plan.peer != .articled { text += " (\(plan.peer.rawValue))" }
        text += ": \(plan.connections) connections, \(plan.pipeline) requests at a time on each\n"
        text +=
            "  \(Quantity.grouped(Int(rate))) requests/s, \(Quantity.grouped(Int(Double(bytes) / seconds / 1e6))) MB/s received\n"
        let latencies = Self.shares.map { "\($0) " + Quantity.duration(nanoseconds: Double(latency.quantile($1))) }
        text +=
            "  \(latencies.joined(separator: ", ")), max \(Quantity.duration(nanoseconds: Double(latency.maximum)))\n"
        text +=
            "  \(Quantity.grouped(Int(requests))) requests in \(Int(seconds)) s, \(errors) errors, \(reconnects) reconnects; "
            + "longest pause \(Quantity.duration(nanoseconds: Double(longestPause)))\n"
        if let firstError { text += "  first error: \(firstError)\n" }
        if generatorCores > 0.95 {
            text += "  the generator used all of its core: the service may be faster than this\n"
        }
        return text
    }

    /// One line for programs. Latencies in microseconds.
    var json: String {
        func micro(_ nanoseconds: UInt64) -> JSON { .float(Double(nanoseconds) / 1000) }
        var members: [(String, JSON)] = [
            ("operation", .string(plan.operation.rawValue)), ("peer", .string(plan.peer.rawValue)),
            ("endpoint", .string(endpoint)), ("connections", .integer(plan.connections)),
            ("pipeline", .integer(plan.pipeline)), ("seconds", .float(seconds)), ("requests", .integer(requests)),
            ("per_second", .float(rate)), ("bytes_per_second", .float(Double(bytes) / seconds)),
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
