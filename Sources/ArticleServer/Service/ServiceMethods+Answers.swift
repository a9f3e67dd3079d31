internal import ArticleProtocol
internal import CLinux
internal import CPluginABI

extension ServiceMethods {
    func ping(_ request: PingRequest) throws(ServiceError) -> PingResult {
        guard request.payload.count <= 1024 else {
            throw ServiceError(.invalidArgument, "payload: \(request.payload.count) bytes; at most 1024 are allowed")
        }
        return PingResult(payload: request.payload, time: clinux_wall_clock_ms())
    }

    func describe() -> ServiceDescription {
        ServiceDescription(
            version: Version.text, protocolVersion: Session.versions.upperBound, startedAt: context?.startedAt ?? 0,
            plugins: plugins.plugins.map { plugin in
                PluginDescription(
                    name: plugin.name, version: plugin.version, path: plugin.path, runtime: plugin.runtime,
                    abi: plugin.abi, methods: plugin.methods.map(\.name), storage: plugin.name == plugins.storage?.name)
            },
            methods: context?.router.descriptions ?? [], listeners: listeners.map(\.description))
    }

    func health() -> HealthResult {
        var components = plugins.health()
        if let context, context.isOverBudget {
            components.append(
                ComponentHealth(
                    name: "buffers", state: .degraded,
                    message: "\(context.bufferedBytes) bytes are buffered, more than maxBufferedTotal allows"))
        }
        return HealthResult(state: components.map(\.state).max() ?? .healthy, components: components)
    }

    func statistics() -> StatsResult {
        guard let context else { return StatsResult() }
        let counters = context.counters
        var ended: UInt64 = 0
        let methods = context.router.descriptions.enumerated().map { index, description in
            let stats = statistics(of: index, description.name, counters)
            ended &+= stats.count
            return stats
        }
        return StatsResult(
            startedAt: context.startedAt, methods: methods, connections: UInt64(clamping: context.openConnections),
            connectionsAccepted: counters.sum { $0.accepted.sum },
            connectionsRefused: counters.sum { $0.refused.sum },
            inFlight: counters.inFlight,
            bytesReceived: counters.sum { $0.bytesReceived.value }, bytesSent: counters.sum { $0.bytesSent.value },
            bytesBuffered: UInt64(clamping: context.bufferedBytes), storage: storage(),
            protocolErrors: counters.sum { $0.protocolErrors.value },
            refusedRequests: counters.sum { $0.refusedRequests.value },
            slowRequests: counters.sum { $0.slow.value })
    }

    private func statistics(of index: Int, _ name: String, _ counters: ServiceCounters) -> MethodStats {
        var statuses: [UInt64] = []
        var histogram: [UInt64] = []
        var nanoseconds: UInt64 = 0
        for loop in counters.loops {
            loop.withMethod(index) { method in
                statuses = Self.sum(statuses, method.byStatus)
                histogram = Self.sum(histogram, method.histogram)
                nanoseconds &+= method.nanoseconds
            }
        }
        let count = statuses.reduce(0, &+)
        return MethodStats(
            name: name, count: count, errors: count &- (statuses.first ?? 0),
            statuses: statuses.enumerated().filter { $0.element > 0 }.map {
                StatusCount(code: UInt32($0.offset), count: $0.element)
            },
            latency: Histogram(boundsNs: MethodCounters.bounds, counts: histogram, sumNs: nanoseconds))
    }

    private static func sum(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
        a.isEmpty ? b : zip(a, b).map { $0 &+ $1 }
    }

    private func storage() -> StorageStats? {
        guard let statistics = plugins.storage?.statistics() else { return nil }
        return StorageStats(
            records: statistics.records, usedBytes: statistics.used_bytes, fileBytes: statistics.file_bytes,
            transactions: statistics.transactions, writes: statistics.writes, scrubEndedAt: statistics.scrub_ended_at,
            scrubRecords: statistics.scrub_records, scrubDamaged: statistics.scrub_damaged,
            scrubRunning: statistics.scrub_running != 0)
    }
}
