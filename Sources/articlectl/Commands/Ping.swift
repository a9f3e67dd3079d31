// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import CLinux
import JSONTree

/// Asks whether articled answers, and measures how long that takes.
struct Ping: Command {
    static let description = CommandDescription(
        "ping", "check that articled answers, and measure the round trip",
        discussion: ["The exit status is 0 if all pings were answered, so it can serve as a health check."],
        options: [.value("count", short: "n", "N", "how many times; default 1")],
        examples: [
            .init("articlectl ping", "does it answer?"),
            .init("articlectl ping -n 1000", "shortest, median and longest round trip of a thousand"),
        ])

    private let count: Int

    init(_ arguments: Arguments) throws {
        count = try arguments.number("count", in: 1...10_000_000) ?? 1
    }

    func run(_ session: Session) async throws -> ExitCode {
        var times: [UInt64] = []
        _ = try await session.client.ping()  // the connection is made outside the measurement
        for _ in 0..<count {
            let start = clinux_now()
            _ = try await session.client.ping()
            times.append(clinux_elapsed(start, clinux_now()))
        }
        times.sort()
        let (least, middle, most) = (times[0], times[times.count / 2], times[times.count - 1])
        if session.json {
            try session.output.line(
                JSON.object([
                    ("endpoint", .string("\(session.endpoint)")), ("count", .integer(count)),
                    ("min_ns", .integer(least)),
                    ("p50_ns", .integer(middle)), ("max_ns", .integer(most)),
                ]).text)
        } else if count == 1 {
            try session.output.line("\(session.endpoint) answered in \(Quantity.duration(nanoseconds: Double(least)))")
        } else {
            let parts = [("min", least), ("p50", middle), ("max", most)].map {
                "\($0) \(Quantity.duration(nanoseconds: Double($1)))"
            }
            try session.output.line(
                "\(session.endpoint) answered \(Quantity.grouped(count)) times: \(parts.joined(separator: ", "))")
        }
        return .success
    }
}
