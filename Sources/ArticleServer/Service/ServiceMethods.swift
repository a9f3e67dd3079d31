// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import CPluginABI

/// articled's own methods: `service.*`. They are reached like a plugin's, through a `Route`.
final class ServiceMethods: @unchecked Sendable {
    // Sendable: all members are set before the first request, see `Server`.

    /// In the order of `handle`'s index.
    static let descriptions: [MethodDescription] = [
        describe("service.ping", "PingRequest", "PingResult"),
        describe("service.describe", "DescribeRequest", "ServiceDescription"),
        describe("service.health", "HealthRequest", "HealthResult"),
        describe("service.stats", "StatsRequest", "StatsResult"),
        describe("service.metrics", "MetricsRequest", "MetricsResult"),
    ]

    let plugins: PluginHost
    let listeners: [Listener]
    private let stateDirectory: String?
    private(set) var context: ServerContext?

    init(plugins: PluginHost, listeners: [Listener], stateDirectory: String? = nil) {
        self.plugins = plugins
        self.listeners = listeners
        self.stateDirectory = stateDirectory
    }

    /// Call it once, before the first request.
    func attach(_ context: ServerContext) { self.context = context }

    func routes() -> [Route] {
        Self.descriptions.enumerated().map { index, description in
            unsafe Route(
                description: description, role: UInt32(ARTICLED_ROLE_READ), streamsRequest: false,
                streamsResponse: false,
                handle: { methods, index, request in
                    guard let methods = unsafe methods, let request = unsafe request else { return }
                    unsafe Unmanaged<ServiceMethods>.fromOpaque(methods).takeUnretainedValue()
                        .handle(index, RequestTable.slot(of: request))
                }, plugin: Unmanaged.passUnretained(self).toOpaque(), index: UInt32(index),
                isFree: true)
        }
    }

    private func handle(_ index: UInt32, _ slot: RequestPointer) {
        let payload = unsafe UnsafeRawBufferPointer(
            start: slot.pointee.view.payload.data, count: slot.pointee.view.payload.size)
        do {
            let response: [UInt8]
            switch index {
            case 0: response = try ping(unsafe PingRequest(decoding: payload)).encoded()
            case 1:
                _ = try unsafe DescribeRequest(decoding: payload)
                response = describe().encoded()
            case 2:
                _ = try unsafe HealthRequest(decoding: payload)
                response = health().encoded()
            case 3:
                _ = try unsafe StatsRequest(decoding: payload)
                response = statistics().encoded()
            default:
                _ = try unsafe MetricsRequest(decoding: payload)
                response = MetricsResult(text: metrics()).encoded()
            }
            unsafe response.withUnsafeBytes { bytes in
                var part = unsafe articled_bytes(data: bytes.baseAddress, size: bytes.count)
                _ = unsafe HostFunctions.respond(slot, &part, 1, nil)
            }
        } catch {
            var message = error.message
            message.withUTF8 { text in
                _ = unsafe HostFunctions.fail(
                    slot, error.code.rawValue,
                    articled_bytes(data: UnsafeRawPointer(text.baseAddress), size: text.count))
            }
        }
    }

    private static func describe(_ name: String, _ request: String, _ response: String) -> MethodDescription {
        MethodDescription(
            name: name, number: 0, requestType: "articled.v1.\(request)", responseType: "articled.v1.\(response)",
            streamRequest: false, streamResponse: false, idempotent: true, role: "read", plugin: "")
    }
}

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
            slowRequests: counters.sum { $0.slow.value }, figures: plugins.figures())
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

extension ServiceMethods {
    /// The text of `service.metrics` and of the metrics listener. Any thread.
    func metrics() -> String {
        ServiceMetrics(
            description: describe(), statistics: statistics(), health: health(), listeners: traffic(),
            tls: tlsTraffic(), process: ProcessUsage(startedAt: context?.startedAt ?? 0),
            disk: stateDirectory.flatMap { DiskUsage(of: $0) },
            backupEndedAt: plugins.storage?.statistics()?.backup_ended_at ?? 0,
            background: plugins.backgroundUsage()
        ).openMetrics
    }

    private func tlsTraffic() -> TLSTraffic {
        guard let counters = context?.counters else { return TLSTraffic() }
        return TLSTraffic(
            connections: counters.sum { $0.tlsConnections.value },
            handshakes: HandshakeOutcome.all.map { outcome in
                (outcome, counters.sum { $0.handshakes.value(at: outcome.index) })
            })
    }

    private func traffic() -> [ListenerTraffic] {
        guard let counters = context?.counters else { return [] }
        return listeners.enumerated().map { index, listener in
            ListenerTraffic(
                name: listener.description, accepted: counters.sum { $0.accepted.value(at: index) },
                refused: counters.sum { $0.refused.value(at: index) })
        }
    }
}
