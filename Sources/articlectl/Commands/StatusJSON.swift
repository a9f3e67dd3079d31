import ArticleProtocol

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
