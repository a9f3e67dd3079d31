import ArticleClient
import ArticleProtocol
import CLinux

/// Asks for signs of life and measures how long they take.
struct Ping: Command {
    static let description = CommandDescription(
        "ping", "ask articled for a sign of life, and measure the round trip",
        discussion: ["Ends with 0 if all were answered, so it can be a service check."],
        options: [.value("count", short: "n", "N", "how often; default 1")],
        examples: [
            .init("articlectl ping", "is it there?"),
            .init("articlectl ping -n 1000", "least, middle and longest round trip of a thousand"),
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
            times.append(clinux_now() - start)
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
