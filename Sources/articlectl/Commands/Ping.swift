// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import CLinux
import JSONTree

/// Asks whether articled answers, and measures how long that takes.
struct Ping: Command {
    static let description = CommandDescription(
        "ping", "check that articled answers, and measure the round trip",
        discussion: [
            "The exit status is 0 if all pings were answered, so it can serve as a health check. Of several endpoints each is asked."
        ],
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
        guard session.endpoints.count > 1 else {
            try await measure(session.client, session.endpoints[0], session)
            return .success
        }
        var code = ExitCode.success
        for endpoint in session.endpoints {
            do {
                try await measure(ArticleClient(endpoint: endpoint, options: session.options), endpoint, session)
            } catch let error as ClientError {
                let failure = CommandFailure(error)
                failure.tell(asJSON: session.json)
                if code == .success { code = failure.code }
            }
        }
        return code
    }

    private func measure(_ client: ArticleClient, _ endpoint: Endpoint, _ session: Session) async throws {
        var times: [UInt64] = []
        _ = try await client.ping()  // the connection is made outside the measurement
        for _ in 0..<count {
            let start = clinux_now()
            _ = try await client.ping()
            times.append(clinux_elapsed(start, clinux_now()))
        }
        times.sort()
        let (least, middle, most) = (times[0], times[times.count / 2], times[times.count - 1])
        if session.json {
            try session.output.line(
                JSON.object([
                    ("endpoint", .string("\(endpoint)")), ("count", .integer(count)),
                    ("min_ns", .integer(least)),
                    ("p50_ns", .integer(middle)), ("max_ns", .integer(most)),
                ]).text)
        } else if count == 1 {
            try session.output.line("\(endpoint) answered in \(Quantity.duration(nanoseconds: Double(least)))")
        } else {
            let parts = [("min", least), ("p50", middle), ("max", most)].map {
                "\($0) \(Quantity.duration(nanoseconds: Double($1)))"
            }
            try session.output.line(
                "\(endpoint) answered \(Quantity.grouped(count)) times: \(parts.joined(separator: ", "))")
        }
    }
}
