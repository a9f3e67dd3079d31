// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CLinux

/// One view of `articlectl top`, set for a terminal.
struct TopPage {
    let width: Int
    /// Lines that there is room for; nil: any number.
    let rows: Int?
    let style: Style

    /// - Parameter trouble: why the service tells nothing new.
    func lines(_ view: TopView, trouble: String? = nil) -> [String] {
        var lines = head(view, trouble) + facts(view).lines(width: width) + [""]
        lines += plugins(view).lines(width: width, style: style) + [""]
        lines += methods(view)
        guard let rows, lines.count > rows else { return lines }
        // The last line says that there is more.
        return Array(lines.prefix(max(0, rows - 1))) + [style.faint("… \(lines.count - rows + 1) more lines")]
    }

    private func head(_ view: TopView, _ trouble: String?) -> [String] {
        let reading = view.reading
        let seconds = clinux_wall_clock_ms().subtractingReportingOverflow(reading.stats.startedAt).partialValue / 1000
        let state = style.paint(reading.health.state.word, reading.health.state.colour)
        let name = style.bold("articled \(Sanitised.text(reading.service.version))")
        let span = view.seconds > 0 ? "last \(Quantity.fixed(view.seconds, 1)) s" : "since the start"
        let parts = [
            "\(name) is \(state)", "up \(Quantity.span(seconds: seconds))", span, Sanitised.text(view.endpoint),
        ]
        // What there is no room for is left out, from the end.
        let shown = (1...parts.count).last { DisplayWidth.of(parts.prefix($0).joined(separator: ", ")) <= width } ?? 1
        let lines = [parts.prefix(shown).joined(separator: ", ")]
        return lines + (trouble.map { [style.red(Sanitised.text("no answer: \($0)").cut(to: width))] } ?? []) + [""]
    }

    private func facts(_ view: TopView) -> Facts {
        let (stats, change) = (view.reading.stats, view.change)
        func rate(_ count: UInt64) -> String { view.perSecond(count).map(Self.rate) ?? "-" }
        func bytes(_ count: UInt64) -> String {
            view.perSecond(count).map { Quantity.bytes(UInt64(min($0, 1e18))) + "/s" } ?? "-"
        }
        var facts = Facts()
        let failures = "\(rate(view.failures)) errors/s"
        var requests = [
            "\(view.rate.map(Self.rate) ?? "-")/s", view.failures > 0 ? style.red(failures) : failures,
            "\(Quantity.grouped(stats.inFlight)) in flight", "\(rate(change.slowRequests)) slow/s",
            "\(rate(change.refusedRequests)) refused/s",
        ]
        // The views before this one, as far as there is room.
        let room = width - 13 - DisplayWidth.of(requests.joined(separator: ", ")) - 2
        if view.history.count > 1, room >= 10 {
            requests[requests.count - 1] += "  " + style.cyan(Bars.columns(view.history.suffix(min(60, room))))
        }
        facts.append("requests", requests)
        facts.append(
            "connections",
            [
                "\(Quantity.grouped(stats.connections)) open", "\(rate(change.connectionsAccepted)) new/s",
                "\(rate(change.connectionsRefused)) refused/s", "\(rate(change.protocolErrors)) protocol errors/s",
            ])
        facts.append(
            "network",
            [
                "\(bytes(change.bytesReceived)) received", "\(bytes(change.bytesSent)) sent",
                "\(Quantity.bytes(stats.bytesBuffered)) buffered",
            ])
        if let storage = stats.storage {
            let page = StatusPage(width: nil, style: style, now: clinux_wall_clock_ms())
            facts.append(
                "storage", [Quantity.count(storage.records, "article"), "checked " + page.checked(storage)])
            facts.append(
                "disk",
                [
                    "\(Quantity.bytes(storage.usedBytes)) used of \(Quantity.bytes(storage.fileBytes))",
                    "\(rate(change.storage?.writes ?? 0)) writes/s",
                    "\(rate(change.storage?.transactions ?? 0)) transactions/s",
                ])
        }
        facts.append("process", process(view))
        return facts
    }

    private func process(_ view: TopView) -> [String] {
        let figures = view.reading.process
        func whole(_ name: String) -> UInt64? { figures[name].flatMap { UInt64(exactly: $0.rounded()) } }
        var items: [String] = []
        if view.seconds > 0 { items.append("\(Quantity.fixed(view.processorSeconds / view.seconds, 2)) processors") }
        if let resident = whole("process_resident_memory_bytes") { items.append("\(Quantity.bytes(resident)) memory") }
        if let open = whole("process_open_fds") {
            let most = whole("process_max_fds").map { " of \(Quantity.grouped($0))" } ?? ""
            items.append("\(Quantity.grouped(open))\(most) open files")
        }
        return items.isEmpty ? ["-"] : items
    }

    private func plugins(_ view: TopView) -> Table {
        var table = Table([
            .init("PLUGIN", flexible: true, atLeast: 12), .init("VERSION", atMost: 12, rank: 1), .init("HEALTH"),
            .init("REQ/S", rightAligned: true), .init("ERR/S", rightAligned: true),
            .init("MESSAGE", flexible: true, atLeast: 16, rank: 2),
        ])
        var components = view.reading.health.components
        for plugin in view.reading.service.plugins {
            let place = components.firstIndex { $0.name == plugin.name }
            let component = place.map { components.remove(at: $0) } ?? ComponentHealth(name: plugin.name)
            let methods = view.methods(of: plugin)
            let failures = methods.reduce(0) { $0 &+ $1.failures }
            let hasMethods = !plugin.methods.isEmpty
            func rate(_ count: UInt64) -> String { hasMethods ? view.perSecond(count).map(Self.rate) ?? "-" : "-" }
            table.append(
                [
                    plugin.name, plugin.version, component.state.word, rate(methods.reduce(0) { $0 &+ $1.count }),
                    rate(failures), component.message,
                ], colours: failures > 0 ? [2: component.state.colour, 4: .red] : [2: component.state.colour])
        }
        // Parts of the service that are no plugins.
        for component in components {
            table.append(
                [component.name, "", component.state.word, "-", "-", component.message],
                colours: [2: component.state.colour])
        }
        return table
    }

    /// The busiest first.
    private func methods(_ view: TopView) -> [String] {
        let used = view.methods.filter { $0.count > 0 }.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
        guard let bounds = used.lazy.compactMap(\.latency?.boundsNs).first else { return ["no requests"] }
        let scale = LatencyScale(bounds: bounds, columns: width >= 100 ? 24 : 12)
        var table = Table([
            .init("METHOD", flexible: true, atLeast: 16), .init("REQ/S", rightAligned: true),
            .init("ERR/S", rightAligned: true), .init("MEAN", rightAligned: true, rank: 2),
            .init("P50 <", rightAligned: true), .init("P99 <", rightAligned: true), .init(scale.title, rank: 3),
            .init("STATUSES", flexible: true, atLeast: 8, rank: 1),
        ])
        for method in used {
            let latency = method.latency
            table.append(
                [
                    method.name, view.perSecond(method.count).map(Self.rate) ?? "-",
                    view.perSecond(method.failures).map(Self.rate) ?? "-", StatusPage.time(latency?.mean),
                    StatusPage.time(latency?.bound(of: 0.5)), StatusPage.time(latency?.bound(of: 0.99)),
                    scale.histogram(latency?.counts ?? []), method.statusText,
                ], colours: method.failures > 0 ? [2: .red, 6: .cyan] : [6: .cyan])
        }
        return table.lines(width: width, style: style)
    }

    /// "0", "0.5", "12", "1,204"
    private static func rate(_ perSecond: Double) -> String {
        if perSecond == 0 { return "0" }
        if perSecond < 10 { return Quantity.fixed(perSecond, 1) }
        return Quantity.grouped(UInt64(min(perSecond.rounded(), 1e18)))
    }
}
