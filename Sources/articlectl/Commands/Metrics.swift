import ArticleClient
import ArticleProtocol

/// Prints what the service measures of itself.
struct Metrics: Command {
    static let description = CommandDescription(
        "metrics", "print what articled measures of itself, in OpenMetrics, for Prometheus",
        discussion: [
            "Requests by method and status, their latency, connections, bytes, storage, plugins, and the process itself. "
                + "Prometheus can read the same over HTTP: `systemctl enable --now articled-metrics.socket`, then "
                + "http://127.0.0.1:7451/metrics.",
            "With --json: one object whose `openmetrics` is the text; `articlectl status --json` has the counts as numbers.",
        ],
        examples: [
            .init("articlectl metrics", "all of it"),
            .init(
                "articlectl metrics >/var/lib/node_exporter/articled.prom.new && mv /var/lib/node_exporter/articled.prom{.new,}",
                "for node_exporter's textfile collector"),
        ])

    init(_ arguments: Arguments) throws {}

    func run(_ session: Session) async throws -> ExitCode {
        let text = try await session.client.metrics()
        if session.json {
            try session.output.line(JSON.object([("openmetrics", .string(text))]).text)
        } else {
            try session.output.write(Sanitised.text(text, keepingLines: true))
        }
        return .success
    }
}
