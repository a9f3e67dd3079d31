// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// Prints the measurements of the service.
struct Metrics: Command {
    static let description = CommandDescription(
        "metrics", "print articled's metrics in OpenMetrics, for Prometheus",
        discussion: [
            "Requests by method and status, latencies, connections, bytes, storage, plugins, and the process itself. "
                + "Prometheus can read the same text over HTTP: `systemctl enable --now articled-metrics.socket`, then "
                + "http://127.0.0.1:7451/metrics.",
            "--json prints one object with the text in `openmetrics`. `articlectl status --json` has the counts as numbers.",
        ],
        examples: [
            .init("articlectl metrics", "everything"),
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
