import ArticleClient
import ArticleProtocol
import CLinux

/// Tells how articled is and what it has done.
struct ServiceStatus: Command {
    static let description = CommandDescription(
        "status", "tell how articled is, and what it has done since it started",
        discussion: ["Ends with 70 if a part of it is unhealthy."],
        examples: [
            .init("articlectl status", "health, load, storage, methods"),
            .init("articlectl status --json | jq .health.state", "for a monitor"),
        ])

    init(_ arguments: Arguments) throws {}

    func run(_ session: Session) async throws -> ExitCode {
        let health = try await session.client.health()
        let service = try await session.client.describe()
        let stats = try await session.client.stats()
        if session.json {
            try session.output.line(StatusJSON.json(health, service, stats).text)
        } else {
            for line in text(health, service, stats, session.style) { try session.output.line(line) }
        }
        return health.state == .unhealthy ? .software : .success
    }

    private func text(
        _ health: HealthResult, _ service: ServiceDescription, _ stats: StatsResult, _ style: Style
    ) -> [String] {
        // The peer's word, which may be anything: what is below zero is shown as zero.
        let seconds = clinux_wall_clock_ms().subtractingReportingOverflow(service.startedAt).partialValue / 1000
        var lines = [
            style.bold("articled \(Sanitised.text(service.version))") + " is " + word(health.state, style)
                + ", up \(Quantity.span(seconds: seconds))"
        ]
        for component in health.components where component.state != .healthy || !component.message.isEmpty {
            lines.append(
                Sanitised.text(
                    "  \(component.name): \(component.state.word)"
                        + (component.message.isEmpty ? "" : ", \(component.message)")))
        }
        if !service.listeners.isEmpty {
            lines.append(Sanitised.text("listening    " + service.listeners.joined(separator: ", ")))
        }
        lines.append(
            "connections  \(Quantity.grouped(stats.connections)) open, \(Quantity.grouped(stats.connectionsAccepted)) accepted, "
                + "\(Quantity.grouped(stats.connectionsRefused)) refused, \(Quantity.grouped(stats.protocolErrors)) protocol errors"
        )
        lines.append(
            "requests     \(Quantity.grouped(stats.inFlight)) in flight; \(Quantity.bytes(stats.bytesReceived)) received, "
                + "\(Quantity.bytes(stats.bytesSent)) sent, \(Quantity.bytes(stats.bytesBuffered)) buffered")
        if let storage = stats.storage {
            lines.append(
                "storage      \(Quantity.grouped(storage.records)) articles, \(Quantity.bytes(storage.usedBytes)) used of "
                    + "\(Quantity.bytes(storage.fileBytes)), \(Quantity.grouped(storage.writes)) writes in "
                    + "\(Quantity.grouped(storage.transactions)) transactions")
            lines.append("checked      " + checked(storage, style))
        }
        let used = stats.methods.filter { $0.count > 0 }
        guard !used.isEmpty else { return lines }
        var table = Table([
            .init("METHOD"), .init("COUNT", rightAligned: true), .init("ERRORS", rightAligned: true),
            .init("MEAN", rightAligned: true), .init("P50 <", rightAligned: true), .init("P99 <", rightAligned: true),
        ])
        for method in used {
            let latency = method.latency
            table.append([
                method.name, Quantity.grouped(method.count), Quantity.grouped(method.errors), time(latency?.mean),
                time(latency?.bound(of: 0.5)), time(latency?.bound(of: 0.99)),
            ])
        }
        return lines + [""] + table.lines(width: nil, style: style)
    }

    /// When all that is stored was last checked, and what was found.
    private func checked(_ storage: StorageStats, _ style: Style) -> String {
        let running = storage.scrubRunning ? "; a check is under way" : ""
        guard storage.scrubEndedAt > 0 else { return "not yet" + running }
        let ago = Quantity.span(seconds: (clinux_wall_clock_ms() - storage.scrubEndedAt) / 1000)
        let found =
            storage.scrubDamaged == 0
            ? "\(Quantity.grouped(storage.scrubRecords)) articles, all sound"
            : style.red(StorageFinding.text(storage.scrubDamaged)) + ", see `articlectl verify`"
        return "\(ago) ago: \(found)\(running)"
    }

    private func time(_ nanoseconds: Double?) -> String {
        nanoseconds.map { $0.isFinite ? Quantity.duration(nanoseconds: $0) : "more" } ?? "-"
    }

    private func word(_ state: HealthState, _ style: Style) -> String {
        switch state {
        case .healthy: style.green(state.word)
        case .degraded: style.yellow(state.word)
        case .unhealthy: style.red(state.word)
        }
    }
}

extension HealthState {
    var word: String {
        switch self {
        case .healthy: "healthy"
        case .degraded: "degraded"
        case .unhealthy: "unhealthy"
        }
    }
}

extension Histogram {
    private var total: UInt64 { counts.reduce(0) { $0.addingReportingOverflow($1).partialValue } }

    /// Nanoseconds; nil if nothing was counted.
    var mean: Double? { total > 0 ? Double(sumNs) / Double(total) : nil }

    /// The upper bound of the bucket in which this share of all lies; infinite for the last.
    func bound(of share: Double) -> Double? {
        guard total > 0 else { return nil }
        let rank = Double(total) * share
        var seen = 0.0
        for (index, count) in counts.enumerated() {
            seen += Double(count)
            if seen >= rank { return index < boundsNs.count ? Double(boundsNs[index]) : .infinity }
        }
        return .infinity
    }
}

/// What `articlectl status --json` prints.
enum StatusJSON {
    static func json(_ health: HealthResult, _ service: ServiceDescription, _ stats: StatsResult) -> JSON {
        let components = health.components.map { component in
            JSON.object([
                ("name", .string(component.name)), ("state", .string(component.state.word)),
                ("message", .string(component.message)),
            ])
        }
        return .object([
            ("version", .string(service.version)), ("protocol", .integer(service.protocolVersion)),
            ("started_at", .string(TimeText.rfc3339(service.startedAt))),
            ("listeners", .array(service.listeners.map { .string($0) })),
            ("health", .object([("state", .string(health.state.word)), ("components", .array(components))])),
            ("connections", .integer(stats.connections)), ("connections_accepted", .integer(stats.connectionsAccepted)),
            ("connections_refused", .integer(stats.connectionsRefused)),
            ("protocol_errors", .integer(stats.protocolErrors)),
            ("refused_requests", .integer(stats.refusedRequests)), ("slow_requests", .integer(stats.slowRequests)),
            ("in_flight", .integer(stats.inFlight)), ("bytes_received", .integer(stats.bytesReceived)),
            ("bytes_sent", .integer(stats.bytesSent)), ("bytes_buffered", .integer(stats.bytesBuffered)),
            ("storage", stats.storage.map(storage) ?? .null), ("methods", .array(stats.methods.map(method))),
        ])
    }

    private static func storage(_ storage: StorageStats) -> JSON {
        .object([
            ("records", .integer(storage.records)), ("used_bytes", .integer(storage.usedBytes)),
            ("file_bytes", .integer(storage.fileBytes)), ("transactions", .integer(storage.transactions)),
            ("writes", .integer(storage.writes)),
            (
                "scrub",
                .object([
                    ("ended_at", storage.scrubEndedAt == 0 ? .null : .string(TimeText.rfc3339(storage.scrubEndedAt))),
                    ("records", .integer(storage.scrubRecords)), ("damaged", .integer(storage.scrubDamaged)),
                    ("running", .bool(storage.scrubRunning)),
                ])
            ),
        ])
    }

    private static func method(_ method: MethodStats) -> JSON {
        let statuses = method.statuses.map { status in
            let name = StatusCode(rawValue: status.code)?.name ?? String(status.code)
            return (name, JSON.integer(status.count))
        }
        var members: [(String, JSON)] = [
            ("name", .string(method.name)), ("count", .integer(method.count)), ("errors", .integer(method.errors)),
            ("statuses", .object(statuses)),
        ]
        if let latency = method.latency {
            members.append(
                (
                    "latency",
                    .object([
                        ("bounds_ns", .array(latency.boundsNs.map { .integer($0) })),
                        ("counts", .array(latency.counts.map { .integer($0) })), ("sum_ns", .integer(latency.sumNs)),
                    ])
                ))
        }
        return .object(members)
    }
}
