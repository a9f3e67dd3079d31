// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// What happened between two readings.
struct TopView {
    let endpoint: String
    private(set) var reading: Reading
    /// Between the two, in seconds; 0 if there is only one.
    private(set) var seconds = 0.0
    /// What each method did in that time; of a single reading: since the start.
    private(set) var methods: [MethodStats] = []
    /// What was counted in that time.
    private(set) var change = StatsResult()
    private(set) var processorSeconds = 0.0
    /// Requests per second of the last views, the newest last.
    private(set) var history: [Double] = []

    private static let longestHistory = 200

    init(_ reading: Reading, after earlier: Reading?, _ endpoints: [Endpoint]) {
        endpoint = endpoints.map(\.description).joined(separator: ",")
        self.reading = earlier ?? reading
        methods = self.reading.stats.methods
        if earlier != nil { advance(to: reading) }
    }

    /// Goes on to the next reading. A service that was restarted counts from zero.
    mutating func advance(to next: Reading) {
        let isSame = reading.stats.startedAt == next.stats.startedAt && next.at > reading.at
        let before = isSame ? reading : nil
        let elapsed = isSame ? next.at - reading.at : 0
        seconds = Double(elapsed) / 1e9
        let known = Dictionary((before?.stats.methods ?? []).map { ($0.name, $0) }) { $1 }
        methods = next.stats.methods.map { $0.since(known[$0.name]) }
        let (new, old) = (next.stats, before?.stats ?? StatsResult())
        change = StatsResult(
            connectionsAccepted: new.connectionsAccepted.less(old.connectionsAccepted),
            connectionsRefused: new.connectionsRefused.less(old.connectionsRefused),
            bytesReceived: new.bytesReceived.less(old.bytesReceived), bytesSent: new.bytesSent.less(old.bytesSent),
            storage: StorageStats(
                transactions: (new.storage?.transactions ?? 0).less(old.storage?.transactions ?? 0),
                writes: (new.storage?.writes ?? 0).less(old.storage?.writes ?? 0)),
            protocolErrors: new.protocolErrors.less(old.protocolErrors),
            refusedRequests: new.refusedRequests.less(old.refusedRequests),
            slowRequests: new.slowRequests.less(old.slowRequests))
        let used = "process_cpu_seconds_total"
        processorSeconds = max(0, (next.process[used] ?? 0) - (before?.process[used] ?? 0))
        reading = next
        if let rate { history = Array((history + [rate]).suffix(Self.longestHistory)) }
    }

    /// So many a second; nil if there is no earlier reading.
    func perSecond(_ count: UInt64) -> Double? { seconds > 0 ? Double(count) / seconds : nil }

    var rate: Double? { perSecond(methods.reduce(0) { $0 &+ $1.count }) }
    var failures: UInt64 { methods.reduce(0) { $0 &+ $1.failures } }

    /// The methods of a plugin.
    func methods(of plugin: PluginDescription) -> [MethodStats] {
        let names = Set(plugin.methods)
        return methods.filter { names.contains($0.name) }
    }

    // MARK: For programs

    /// One line: rates are those of the time between the readings, the rest is as it is now.
    var json: JSON {
        var members = requests
        members += connections
        members += storage
        members += process
        members += [("plugins", plugins), ("methods", used)]
        return .object(members)
    }

    private typealias Members = [(String, JSON)]

    private var requests: Members {
        [
            ("version", .string(reading.service.version)), ("state", .string(reading.health.state.word)),
            ("seconds", .float(seconds)), ("requests_per_second", Self.number(rate)),
            ("errors_per_second", json(failures)), ("slow_per_second", json(change.slowRequests)),
            ("refused_per_second", json(change.refusedRequests)), ("in_flight", .integer(reading.stats.inFlight)),
        ]
    }

    private var connections: Members {
        [
            ("connections", .integer(reading.stats.connections)),
            ("connections_per_second", json(change.connectionsAccepted)),
            ("connections_refused_per_second", json(change.connectionsRefused)),
            ("protocol_errors_per_second", json(change.protocolErrors)),
            ("received_bytes_per_second", json(change.bytesReceived)),
            ("sent_bytes_per_second", json(change.bytesSent)),
            ("buffered_bytes", .integer(reading.stats.bytesBuffered)),
        ]
    }

    private var storage: Members {
        guard let storage = reading.stats.storage else { return [] }
        return [
            ("articles", .integer(storage.records)), ("used_bytes", .integer(storage.usedBytes)),
            ("file_bytes", .integer(storage.fileBytes)), ("writes_per_second", json(change.storage?.writes ?? 0)),
            ("transactions_per_second", json(change.storage?.transactions ?? 0)),
        ]
    }

    private var process: Members {
        [
            ("processors", Self.number(seconds > 0 ? processorSeconds / seconds : nil)),
            ("resident_bytes", Self.number(reading.process["process_resident_memory_bytes"])),
            ("open_files", Self.number(reading.process["process_open_fds"])),
        ]
    }

    private var plugins: JSON {
        .array(
            reading.service.plugins.map { plugin in
                let health = reading.health.components.first { $0.name == plugin.name }
                let requests = methods(of: plugin).reduce(0) { $0 &+ $1.count }
                return .object([
                    ("name", .string(plugin.name)), ("version", .string(plugin.version)),
                    ("state", .string((health?.state ?? .healthy).word)), ("message", .string(health?.message ?? "")),
                    ("requests_per_second", json(requests)),
                ])
            })
    }

    private var used: JSON {
        .array(
            methods.filter { $0.count > 0 }.map { method in
                .object([
                    ("name", .string(method.name)), ("per_second", json(method.count)),
                    ("errors_per_second", json(method.failures)), ("mean_ns", Self.number(method.latency?.mean)),
                    ("p50_below_ns", Self.number(method.latency?.bound(of: 0.5))),
                    ("p99_below_ns", Self.number(method.latency?.bound(of: 0.99))),
                ])
            })
    }

    private func json(_ count: UInt64) -> JSON { Self.number(perSecond(count)) }

    private static func number(_ value: Double?) -> JSON { value.map { JSON.float($0) } ?? .null }
}
