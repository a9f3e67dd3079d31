// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import CLinux
import JSONTree

/// Shows the health of articled and what it has done.
struct ServiceStatus: Command {
    static let description = CommandDescription(
        "status", "show the health of articled, and what it has done since it started",
        discussion: [
            "ERRORS counts requests that failed. \"Not found\", \"already exists\", \"conflict\" and \"cancelled\" are answers, not errors. "
                + "STATUSES shows how often a method ended with anything but OK. P50 and P99 are upper bounds: half of the requests, "
                + "or 99 %, took less.",
            "On a terminal, columns that do not fit are left out, and --json shows everything. `articlectl top` shows the same figures "
                + "as they change. The exit status is 70 if a part of articled is unhealthy.",
        ],
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
            let page = StatusPage(width: session.terminal.tableWidth, style: session.style, now: clinux_wall_clock_ms())
            for line in page.lines(health, service, stats) { try session.output.line(line) }
        }
        return health.state == .unhealthy ? .software : .success
    }
}

/// What `articlectl status` prints for people.
struct StatusPage {
    /// Of the terminal; nil if it is none: nothing is cut then.
    let width: Int?
    let style: Style
    /// Milliseconds since 1970.
    let now: Int64

    func lines(_ health: HealthResult, _ service: ServiceDescription, _ stats: StatsResult) -> [String] {
        var lines = [
            style.bold("articled \(Sanitised.text(service.version))") + " is "
                + style.paint(health.state.word, health.state.colour) + ", up \(uptime(service))"
        ]
        for component in health.components where component.state != .healthy || !component.message.isEmpty {
            let message = component.message.isEmpty ? "" : ", \(component.message)"
            let text = Sanitised.text("\(component.name): \(component.state.word)\(message)")
            lines += Wrapping.hanging(text, indent: 2, width: width.map { $0 - 2 }).map { "  " + $0 }
        }
        lines += facts(service, stats).lines(width: width)
        let used = stats.methods.filter { $0.count > 0 }
        return used.isEmpty ? lines : lines + [""] + table(used).lines(width: width, style: style)
    }

    /// "3 d 4 h", and on a wide terminal since when.
    private func uptime(_ service: ServiceDescription) -> String {
        // The service's word, which may be anything: what is below zero is shown as zero.
        let seconds = now.subtractingReportingOverflow(service.startedAt).partialValue / 1000
        return Quantity.span(seconds: seconds) + (isWide ? ", since \(TimeText.local(service.startedAt))" : "")
    }

    /// There is room for absolute times beside relative ones.
    private var isWide: Bool { (width ?? 0) >= 120 }

    private func facts(_ service: ServiceDescription, _ stats: StatsResult) -> Facts {
        var facts = Facts()
        if !service.listeners.isEmpty { facts.append("listening", service.listeners.map { Sanitised.text($0) }) }
        facts.append(
            "connections",
            [
                "\(Quantity.grouped(stats.connections)) open",
                "\(Quantity.grouped(stats.connectionsAccepted)) accepted",
                "\(Quantity.grouped(stats.connectionsRefused)) refused",
                Quantity.count(stats.protocolErrors, "protocol error"),
            ])
        facts.append(
            "requests",
            [
                "\(Quantity.grouped(stats.inFlight)) in flight; \(Quantity.bytes(stats.bytesReceived)) received",
                "\(Quantity.bytes(stats.bytesSent)) sent", "\(Quantity.bytes(stats.bytesBuffered)) buffered",
            ])
        storage(stats, &facts)
        for (plugin, figures) in plugins(stats) { facts.append(plugin, figures) }
        return facts
    }

    private func storage(_ stats: StatsResult, _ facts: inout Facts) {
        guard let storage = stats.storage else { return }
        facts.append(
            "storage",
            [
                Quantity.count(storage.records, "article"),
                "\(Quantity.bytes(storage.usedBytes)) used of \(Quantity.bytes(storage.fileBytes))",
                Quantity.count(storage.writes, "write") + " in " + Quantity.count(storage.transactions, "transaction"),
            ])
        facts.append("checked", [checked(storage)])
    }

    /// What each plugin tells of itself: "index_bytes 4.1 MiB", "lookups{part=a} 7".
    private func plugins(_ stats: StatsResult) -> [(name: String, figures: [String])] {
        var plugins: [(name: String, figures: [String])] = []
        for figure in stats.figures {
            let labels = figure.labels.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
            let name = labels.isEmpty ? figure.name : "\(figure.name){\(labels)}"
            let text = "\(Sanitised.text(name)) \(Self.value(of: figure))"
            let plugin = Sanitised.text(figure.plugin)
            if plugins.last?.name == plugin {
                plugins[plugins.count - 1].figures.append(text)
            } else {
                plugins.append((plugin, [text]))
            }
        }
        return plugins
    }

    private static func value(of figure: PluginFigure) -> String {
        if figure.unit == "bytes", let bytes = UInt64(exactly: figure.value.rounded()) { return Quantity.bytes(bytes) }
        if figure.unit == "seconds" { return time(figure.value * 1e9) }
        return UInt64(exactly: figure.value).map { Quantity.grouped($0) } ?? "\(figure.value)"
    }

    /// When all that is stored was last checked, and what was found.
    func checked(_ storage: StorageStats) -> String {
        let running = storage.scrubRunning ? "; a check is running" : ""
        guard storage.scrubEndedAt > 0 else { return "not yet" + running }
        let age = Quantity.age(of: storage.scrubEndedAt, now: now)
        let found =
            storage.scrubDamaged == 0
            ? Quantity.count(storage.scrubRecords, "article") + ", all sound"
            : style.red(StorageFinding.text(storage.scrubDamaged)) + ", see `articlectl verify`"
        return age + (isWide ? " (\(TimeText.local(storage.scrubEndedAt)))" : "") + ": " + found + running
    }

    private func table(_ methods: [MethodStats]) -> Table {
        var table = Table([
            .init("METHOD", flexible: true, atLeast: 20), .init("COUNT", rightAligned: true),
            .init("ERRORS", rightAligned: true),
            .init("MEAN", rightAligned: true, rank: 1), .init("P50 <", rightAligned: true),
            .init("P99 <", rightAligned: true), .init("STATUSES", flexible: true, atLeast: 8),
        ])
        for method in methods {
            let latency = method.latency
            table.append(
                [
                    method.name, Quantity.grouped(method.count), Quantity.grouped(method.failures),
                    Self.time(latency?.mean), Self.time(latency?.bound(of: 0.5)), Self.time(latency?.bound(of: 0.99)),
                    method.statusText,
                ], colours: method.failures > 0 ? [2: .red] : [:])
        }
        return table
    }

    /// "12.5 µs"; "-" for nothing, "more" for what is beyond the last bound.
    static func time(_ nanoseconds: Double?) -> String {
        nanoseconds.map { $0.isFinite ? Quantity.duration(nanoseconds: $0) : "more" } ?? "-"
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
            ("figures", .array(stats.figures.map(figure))),
        ])
    }

    private static func figure(_ figure: PluginFigure) -> JSON {
        .object([
            ("plugin", .string(figure.plugin)), ("name", .string(figure.name)), ("counter", .bool(figure.counter)),
            ("unit", figure.unit.isEmpty ? .null : .string(figure.unit)), ("value", .float(figure.value)),
            ("labels", .object(figure.labels.map { ($0.name, .string($0.value)) })), ("help", .string(figure.help)),
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
            ("name", .string(method.name)), ("count", .integer(method.count)), ("errors", .integer(method.failures)),
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
