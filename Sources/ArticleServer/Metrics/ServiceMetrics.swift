// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Glibc

/// The service's metrics at one instant, for `service.metrics` and the metrics listener. The counts are those of
/// `service.stats`.
struct ServiceMetrics {
    let description: ServiceDescription
    let statistics: StatsResult
    let health: HealthResult
    let listeners: [ListenerTraffic]
    var tls = TLSTraffic()
    let process: ProcessUsage
    /// nil if the system does not tell.
    var disk: DiskUsage?
    /// When the last complete backup ended, in milliseconds since 1970; 0: there was none.
    var backupEndedAt: Int64 = 0
    var background: [(plugin: String, usage: BackgroundWork.Usage)] = []

    /// In OpenMetrics format. Every series exists from the start, except those of errors that have not occurred.
    var openMetrics: String {
        var text = MetricsText()
        identity(&text)
        requests(&text)
        connections(&text)
        storage(&text)
        disk?.write(to: &text)
        components(&text)
        backgroundWork(&text)
        process.write(to: &text)
        // Last, so that a plugin's name that is taken is the plugin's problem.
        plugins(&text)
        text.finish()
        return text.text
    }

    private func identity(_ text: inout MetricsText) {
        text.family("articled_build", .info, "Which articled this is.")
        text.sample(
            "_info", [("version", description.version), ("protocol", "\(description.protocolVersion)")], 1 as UInt64)
        text.family("articled_plugin", .info, "The plugins that are loaded.")
        for plugin in description.plugins {
            text.sample(
                "_info",
                [
                    ("plugin", plugin.name), ("version", plugin.version), ("runtime", plugin.runtime),
                    ("abi", plugin.abi),
                ],
                1 as UInt64)
        }
    }

    private func requests(_ text: inout MetricsText) {
        text.family("articled_requests", .counter, "Requests ended, by method and status code.")
        for method in statistics.methods {
            // OK exists before the first request, so that a rate can be computed from the first one on.
            if !method.statuses.contains(where: { $0.code == StatusCode.ok.rawValue }) {
                text.sample("_total", [("method", method.name), ("code", StatusCode.ok.name)], 0 as UInt64)
            }
            for status in method.statuses {
                let code = StatusCode(rawValue: status.code)?.name ?? "\(status.code)"
                text.sample("_total", [("method", method.name), ("code", code)], status.count)
            }
        }
        text.family(
            "articled_request_duration_seconds", .histogram, unit: "seconds",
            "From a request's arrival to its answer in the connection's buffer; of a stream, to its end.")
        for method in statistics.methods { histogram(method, &text) }
        text.family("articled_requests_in_flight", .gauge, "Requests that their plugin has not ended.")
        text.sample(statistics.inFlight)
        text.family("articled_slow_requests", .counter, "Requests that took longer than slowRequest.")
        text.sample("_total", statistics.slowRequests)
        text.family(
            "articled_refused_requests", .counter, "Requests answered with an error before a plugin saw them.")
        text.sample("_total", statistics.refusedRequests)
    }

    /// A bucket counts what took less than its bound, while OpenMetrics counts "less or equal". Times are whole
    /// nanoseconds, so the difference is one nanosecond.
    private func histogram(_ method: MethodStats, _ text: inout MetricsText) {
        guard let latency = method.latency, latency.counts.count == latency.boundsNs.count + 1 else { return }
        var count: UInt64 = 0
        for (bound, more) in zip(latency.boundsNs.map { Double($0) / 1e9 } + [.infinity], latency.counts) {
            count &+= more
            text.sample("_bucket", [("method", method.name), ("le", bound.metricText)], count)
        }
        text.sample("_count", [("method", method.name)], count)
        text.sample("_sum", [("method", method.name)], Double(latency.sumNs) / 1e9)
    }

    private func connections(_ text: inout MetricsText) {
        text.family("articled_connections", .gauge, "Open connections.")
        text.sample(statistics.connections)
        text.family("articled_accepted_connections", .counter, "Connections taken, by listening socket.")
        for listener in listeners { text.sample("_total", [("listener", listener.name)], listener.accepted) }
        text.family("articled_refused_connections", .counter, "Connections turned away at limits.connections.")
        for listener in listeners { text.sample("_total", [("listener", listener.name)], listener.refused) }
        text.family("articled_tls_connections", .gauge, "Open connections with TLS.")
        text.sample(tls.connections)
        text.family("articled_tls_handshakes", .counter, "TLS handshakes, by their outcome.")
        for (outcome, count) in tls.handshakes { text.sample("_total", [("outcome", outcome.label)], count) }
        text.family("articled_protocol_errors", .counter, "Connections ended because their peer broke the protocol.")
        text.sample("_total", statistics.protocolErrors)
        text.family("articled_received_bytes", .counter, unit: "bytes", "Read from clients.")
        text.sample("_total", statistics.bytesReceived)
        text.family("articled_sent_bytes", .counter, unit: "bytes", "Written to clients.")
        text.sample("_total", statistics.bytesSent)
        text.family(
            "articled_buffered_bytes", .gauge, unit: "bytes", "Held for clients that have yet to read or to send more.")
        text.sample(statistics.bytesBuffered)
    }

    /// The engine's statistics, if it has any.
    private func storage(_ text: inout MetricsText) {
        guard let storage = statistics.storage else { return }
        text.family("articled_storage_articles", .gauge, "Articles that are stored.")
        text.sample(storage.records)
        text.family("articled_storage_used_bytes", .gauge, unit: "bytes", "Of articles and indexes.")
        text.sample(storage.usedBytes)
        text.family("articled_storage_file_bytes", .gauge, unit: "bytes", "Of the database on disk.")
        text.sample(storage.fileBytes)
        text.family("articled_storage_transactions", .counter, "Transactions brought to disk since the start.")
        text.sample("_total", storage.transactions)
        text.family("articled_storage_writes", .counter, "Changes in those transactions.")
        text.sample("_total", storage.writes)
        text.family(
            "articled_storage_scrub_end_time_seconds", .gauge, unit: "seconds",
            "When all that is stored was last checked, since 1970; 0: not yet.")
        text.sample(UInt64(clamping: storage.scrubEndedAt / 1000))
        text.family("articled_storage_scrub_articles", .gauge, "Articles checked then.")
        text.sample(storage.scrubRecords)
        text.family("articled_storage_scrub_findings", .gauge, "What was found wrong then.")
        text.sample(storage.scrubDamaged)
        text.family("articled_storage_scrub_running", .gauge, "1 while a check is under way.")
        text.sample(storage.scrubRunning ? 1 : 0 as UInt64)
        text.family(
            "articled_storage_backup_end_time_seconds", .gauge, unit: "seconds",
            "When the last complete backup ended, since 1970; 0: there was none.")
        text.sample(UInt64(clamping: backupEndedAt / 1000))
    }

    private func backgroundWork(_ text: inout MetricsText) {
        guard !background.isEmpty else { return }
        text.family("articled_background_cpu_seconds", .counter, unit: "seconds", "Of the plugins' background threads.")
        for (plugin, usage) in background { text.sample("_total", [("plugin", plugin)], usage.cpuSeconds) }
        text.family("articled_background_work", .gauge, "Pieces of background work that are running.")
        for (plugin, usage) in background {
            for work in usage.works { text.sample("", [("plugin", plugin), ("work", work.name)], work.running) }
        }
        text.family("articled_background_failures", .counter, "Pieces of background work that have failed.")
        for (plugin, usage) in background {
            for work in usage.works { text.sample("_total", [("plugin", plugin), ("work", work.name)], work.failed) }
        }
    }

    /// The plugins' own figures. The samples of one family must stand together.
    private func plugins(_ text: inout MetricsText) {
        var names: [String] = []
        var families: [String: [PluginFigure]] = [:]
        for figure in statistics.figures {
            let name = figure.family
            if families[name] == nil { names.append(name) }
            // Two plugins can get the same name: "a-b" with "c" and "a" with "b_c". The first one has it.
            guard families[name]?.first?.plugin ?? figure.plugin == figure.plugin else { continue }
            families[name, default: []].append(figure)
        }
        for name in names where !text.hasFamily(name) {
            guard let all = families[name], let first = all.first else { continue }
            text.family(
                name, first.counter ? .counter : .gauge, unit: first.unit.isEmpty ? nil : first.unit, first.help)
            for figure in all {
                text.sample(figure.counter ? "_total" : "", figure.labels.map { ($0.name, $0.value) }, figure.value)
            }
        }
    }

    private func components(_ text: inout MetricsText) {
        text.family("articled_component_health", .stateset, "How each plugin says it is.")
        for component in health.components {
            for (state, name) in [
                (HealthState.healthy, "healthy"), (.degraded, "degraded"), (.unhealthy, "unhealthy"),
            ] {
                text.sample(
                    "", [("component", component.name), ("articled_component_health", name)],
                    component.state == state ? 1 : 0 as UInt64)
            }
        }
    }
}

/// The file system of a directory: statvfs(3).
struct DiskUsage: Equatable {
    /// For the service's user.
    let freeBytes: UInt64
    let sizeBytes: UInt64

    init(freeBytes: UInt64, sizeBytes: UInt64) {
        self.freeBytes = freeBytes
        self.sizeBytes = sizeBytes
    }

    /// nil if the system does not tell.
    init?(of directory: String) {
        var status = statvfs()
        guard unsafe statvfs(directory, &status) == 0 else { return nil }
        func bytes(_ blocks: UInt) -> UInt64 {
            let (product, overflows) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize))
            return overflows ? .max : product
        }
        self.init(freeBytes: bytes(status.f_bavail), sizeBytes: bytes(status.f_blocks))
    }

    func write(to text: inout MetricsText) {
        text.family(
            "articled_disk_free_bytes", .gauge, unit: "bytes",
            "Free on the file system of the state directory, for the service's user.")
        text.sample(freeBytes)
        text.family("articled_disk_size_bytes", .gauge, unit: "bytes", "Of that file system.")
        text.sample(sizeBytes)
    }
}

/// The counts of one listening socket.
struct ListenerTraffic: Equatable {
    let name: String
    let accepted: UInt64
    let refused: UInt64
}

/// The counts of TLS.
struct TLSTraffic {
    var connections: UInt64 = 0
    var handshakes: [(outcome: HandshakeOutcome, count: UInt64)] = HandshakeOutcome.all.map { ($0, 0) }
}

/// What this process uses of the machine. Values that the system does not tell are nil.
struct ProcessUsage: Equatable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var startedAt: Int64 = 0
    /// User and system time of all threads.
    var cpuSeconds = 0.0
    var residentBytes: UInt64?
    var virtualBytes: UInt64?
    var openDescriptors: UInt64?
    var maxDescriptors: UInt64?

    /// The current usage: getrusage(2), getrlimit(2), proc(5).
    init(startedAt: Int64) {
        self.startedAt = startedAt
        var usage = rusage()
        if unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            cpuSeconds = [usage.ru_utime, usage.ru_stime].reduce(0) {
                $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
            }
        }
        let page = UInt64(clamping: sysconf(Int32(_SC_PAGESIZE)))
        let sizes = Self.firstLine("/proc/self/statm")?.split(separator: " ").prefix(2).map { UInt64($0) } ?? []
        if sizes.count == 2 {
            virtualBytes = sizes[0].map { $0 &* page }
            residentBytes = sizes[1].map { $0 &* page }
        }
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            maxDescriptors = UInt64(limit.rlim_cur)
        }
        openDescriptors = Self.descriptors()
    }

    /// In OpenMetrics format, under the names that Prometheus's own libraries use.
    func write(to text: inout MetricsText) {
        text.family("process_start_time_seconds", .gauge, unit: "seconds", "When the service started, since 1970.")
        text.sample(Double(startedAt) / 1000)
        text.family("process_cpu_seconds", .counter, unit: "seconds", "Processor time, of user and system.")
        text.sample("_total", cpuSeconds)
        if let residentBytes {
            text.family(
                "process_resident_memory_bytes", .gauge, unit: "bytes",
                "Memory, with the pages of the database that the system keeps.")
            text.sample(residentBytes)
        }
        if let virtualBytes {
            text.family("process_virtual_memory_bytes", .gauge, unit: "bytes", "Address space.")
            text.sample(virtualBytes)
        }
        if let openDescriptors {
            text.family("process_open_fds", .gauge, "Open files and sockets.")
            text.sample(openDescriptors)
        }
        if let maxDescriptors {
            text.family("process_max_fds", .gauge, "Files and sockets that may be open: LimitNOFILE=.")
            text.sample(maxDescriptors)
        }
    }

    /// Since Linux 6.2 the directory's size is the number of descriptors. Before, they are counted.
    private static func descriptors() -> UInt64? {
        let path = "/proc/self/fd"
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_size > 0 { return UInt64(status.st_size) }
        guard let directory = unsafe opendir(path) else { return nil }
        defer { unsafe closedir(directory) }
        var count: UInt64 = 0
        while unsafe readdir(directory) != nil { count += 1 }
        // ".", ".." and the directory itself are among them.
        return count > 3 ? count - 3 : 0
    }

    /// The first line of one of the kernel's small files, which fit in a page.
    private static func firstLine(_ path: String) -> Substring? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { _ = close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").first
    }
}
