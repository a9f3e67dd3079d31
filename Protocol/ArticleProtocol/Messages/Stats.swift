// SPDX-License-Identifier: Apache-2.0
/// The request of `service.stats`. It has no fields.
public struct StatsRequest: ProtocolMessage {
    public static var name: String { "articled.v1.StatsRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}

/// The response of `service.stats`. All counters start with the service.
public struct StatsResult: ProtocolMessage {
    public static var name: String { "articled.v1.StatsResult" }

    /// When the service started, in milliseconds since 1970-01-01T00:00:00Z.
    public var startedAt: Int64
    /// The counters of each method.
    public var methods: [MethodStats]
    /// Connections that are open now.
    public var connections: UInt64
    /// Connections accepted.
    public var connectionsAccepted: UInt64
    /// Connections refused because the service was full.
    public var connectionsRefused: UInt64
    /// Requests in flight now.
    public var inFlight: UInt64
    /// Bytes received from all peers.
    public var bytesReceived: UInt64
    /// Bytes sent to all peers.
    public var bytesSent: UInt64
    /// Bytes buffered for peers now.
    public var bytesBuffered: UInt64
    /// The storage engine's counters; `nil` without an engine.
    public var storage: StorageStats?
    /// Connections that ended with `PROTOCOL_ERROR`.
    public var protocolErrors: UInt64
    /// Requests answered with an error before a plugin saw them.
    public var refusedRequests: UInt64
    /// Requests that took longer than `slowRequest` in the configuration.
    public var slowRequests: UInt64
    /// What plugins tell of themselves.
    public var figures: [PluginFigure]

    public init() { self.init(startedAt: 0) }

    /// Creates a message from its fields.
    public init(
        startedAt: Int64 = 0, methods: [MethodStats] = [], connections: UInt64 = 0,
        connectionsAccepted: UInt64 = 0, connectionsRefused: UInt64 = 0, inFlight: UInt64 = 0,
        bytesReceived: UInt64 = 0, bytesSent: UInt64 = 0, bytesBuffered: UInt64 = 0,
        storage: StorageStats? = nil, protocolErrors: UInt64 = 0, refusedRequests: UInt64 = 0,
        slowRequests: UInt64 = 0, figures: [PluginFigure] = []
    ) {
        self.startedAt = startedAt
        self.methods = methods
        self.connections = connections
        self.connectionsAccepted = connectionsAccepted
        self.connectionsRefused = connectionsRefused
        self.inFlight = inFlight
        self.bytesReceived = bytesReceived
        self.bytesSent = bytesSent
        self.bytesBuffered = bytesBuffered
        self.storage = storage
        self.protocolErrors = protocolErrors
        self.refusedRequests = refusedRequests
        self.slowRequests = slowRequests
        self.figures = figures
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: startedAt = try reader.int64()
        case 2: methods.append(try reader.message(after: methods.count, max: Limits.repeated))
        case 3: connections = try reader.uint64()
        case 4: connectionsAccepted = try reader.uint64()
        case 5: connectionsRefused = try reader.uint64()
        case 6: inFlight = try reader.uint64()
        case 7: bytesReceived = try reader.uint64()
        case 8: bytesSent = try reader.uint64()
        case 9: bytesBuffered = try reader.uint64()
        case 10: try reader.merge(into: &storage)
        case 11: protocolErrors = try reader.uint64()
        case 12: refusedRequests = try reader.uint64()
        case 13: slowRequests = try reader.uint64()
        case 14: figures.append(try reader.message(after: figures.count, max: Limits.repeated))
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(startedAt, at: 1)
        writer.write(methods, at: 2)
        writer.write(connections, at: 3)
        writer.write(connectionsAccepted, at: 4)
        writer.write(connectionsRefused, at: 5)
        writer.write(inFlight, at: 6)
        writer.write(bytesReceived, at: 7)
        writer.write(bytesSent, at: 8)
        writer.write(bytesBuffered, at: 9)
        writer.write(storage, at: 10)
        writer.write(protocolErrors, at: 11)
        writer.write(refusedRequests, at: 12)
        writer.write(slowRequests, at: 13)
        writer.write(figures, at: 14)
    }
}

/// The counters of one method.
public struct MethodStats: ProtocolMessage {
    public static var name: String { "articled.v1.MethodStats" }

    /// The method's name: "store.put".
    public var name: String
    /// Requests that have ended, with any status.
    public var count: UInt64
    /// Requests that ended with a status other than OK.
    public var errors: UInt64
    /// How often each status code ended a request.
    public var statuses: [StatusCount]
    /// The time from the arrival of the request's frame to the last byte of the response in the output buffer.
    public var latency: Histogram?

    public init() { self.init(name: "") }

    /// Creates a message from its fields.
    public init(
        name: String = "", count: UInt64 = 0, errors: UInt64 = 0, statuses: [StatusCount] = [],
        latency: Histogram? = nil
    ) {
        self.name = name
        self.count = count
        self.errors = errors
        self.statuses = statuses
        self.latency = latency
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: name = try reader.string()
        case 2: count = try reader.uint64()
        case 3: errors = try reader.uint64()
        case 4: statuses.append(try reader.message(after: statuses.count, max: Limits.repeated))
        case 5: try reader.merge(into: &latency)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(name, at: 1)
        writer.write(count, at: 2)
        writer.write(errors, at: 3)
        writer.write(statuses, at: 4)
        writer.write(latency, at: 5)
    }
}

/// How many requests ended with one status code.
public struct StatusCount: ProtocolMessage {
    public static var name: String { "articled.v1.StatusCount" }

    /// The status code.
    public var code: UInt32
    /// The number of requests.
    public var count: UInt64

    public init() { self.init(code: 0) }

    /// Creates a message from its fields.
    public init(code: UInt32 = 0, count: UInt64 = 0) {
        self.code = code
        self.count = count
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: code = try reader.uint32()
        case 2: count = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(code, at: 1)
        writer.write(count, at: 2)
    }
}

/// A histogram of durations.
public struct Histogram: ProtocolMessage {
    public static var name: String { "articled.v1.Histogram" }

    /// The upper bounds in nanoseconds, ascending.
    public var boundsNs: [UInt64]
    /// One count per bound, and one more for the values above the last bound.
    public var counts: [UInt64]
    /// The sum of all values in nanoseconds.
    public var sumNs: UInt64

    public init() { self.init(boundsNs: []) }

    /// Creates a message from its fields.
    public init(boundsNs: [UInt64] = [], counts: [UInt64] = [], sumNs: UInt64 = 0) {
        self.boundsNs = boundsNs
        self.counts = counts
        self.sumNs = sumNs
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.append(to: &boundsNs, max: Limits.repeated)
        case 2: try reader.append(to: &counts, max: Limits.repeated)
        case 3: sumNs = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(boundsNs, at: 1)
        writer.write(counts, at: 2)
        writer.write(sumNs, at: 3)
    }
}

/// The storage engine's counters.
public struct StorageStats: ProtocolMessage {
    public static var name: String { "articled.v1.StorageStats" }

    /// The number of articles.
    public var records: UInt64
    /// Bytes used by live data and indexes.
    public var usedBytes: UInt64
    /// Bytes of the files on disk.
    public var fileBytes: UInt64
    /// Transactions committed since the start.
    public var transactions: UInt64
    /// Changes in these transactions.
    public var writes: UInt64
    /// When the last check of all stored data ended, in milliseconds since 1970-01-01T00:00:00Z; 0: never.
    public var scrubEndedAt: Int64
    /// Articles that the last check read.
    public var scrubRecords: UInt64
    /// Findings of the last check.
    public var scrubDamaged: UInt64
    /// Whether a check is running.
    public var scrubRunning: Bool

    public init() { self.init(records: 0) }

    /// Creates a message from its fields.
    public init(
        records: UInt64 = 0, usedBytes: UInt64 = 0, fileBytes: UInt64 = 0, transactions: UInt64 = 0,
        writes: UInt64 = 0, scrubEndedAt: Int64 = 0, scrubRecords: UInt64 = 0, scrubDamaged: UInt64 = 0,
        scrubRunning: Bool = false
    ) {
        self.records = records
        self.usedBytes = usedBytes
        self.fileBytes = fileBytes
        self.transactions = transactions
        self.writes = writes
        self.scrubEndedAt = scrubEndedAt
        self.scrubRecords = scrubRecords
        self.scrubDamaged = scrubDamaged
        self.scrubRunning = scrubRunning
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: records = try reader.uint64()
        case 2: usedBytes = try reader.uint64()
        case 3: fileBytes = try reader.uint64()
        case 4: transactions = try reader.uint64()
        case 5: writes = try reader.uint64()
        case 6: scrubEndedAt = try reader.int64()
        case 7: scrubRecords = try reader.uint64()
        case 8: scrubDamaged = try reader.uint64()
        case 9: scrubRunning = try reader.bool()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(records, at: 1)
        writer.write(usedBytes, at: 2)
        writer.write(fileBytes, at: 3)
        writer.write(transactions, at: 4)
        writer.write(writes, at: 5)
        writer.write(scrubEndedAt, at: 6)
        writer.write(scrubRecords, at: 7)
        writer.write(scrubDamaged, at: 8)
        writer.write(scrubRunning, at: 9)
    }
}

/// The request of `service.metrics`. It has no fields.
public struct MetricsRequest: ProtocolMessage {
    public static var name: String { "articled.v1.MetricsRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}

/// The response of `service.metrics`.
public struct MetricsResult: ProtocolMessage {
    public static var name: String { "articled.v1.MetricsResult" }

    /// The complete text in the format of OpenMetrics 1.0, up to "# EOF".
    public var text: String

    public init() { self.init(text: "") }

    /// Creates a message from its fields.
    public init(text: String = "") {
        self.text = text
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: text = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(text, at: 1)
    }
}
