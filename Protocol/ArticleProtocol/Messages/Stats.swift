/// The request of service.stats.
public struct StatsRequest: ProtocolMessage {
    public static var name: String { "articled.v1.StatsRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}

/// The response of service.stats.
public struct StatsResult: ProtocolMessage {
    public static var name: String { "articled.v1.StatsResult" }

    /// Milliseconds since 1970-01-01T00:00:00Z; all counts begin there.
    public var startedAt: Int64
    /// Each method.
    public var methods: [MethodStats]
    /// Open now.
    public var connections: UInt64
    /// Since the start.
    public var connectionsAccepted: UInt64
    /// For want of room, since the start.
    public var connectionsRefused: UInt64
    /// Requests that are not ended yet.
    public var inFlight: UInt64
    /// From all peers, since the start.
    public var bytesReceived: UInt64
    /// To all peers, since the start.
    public var bytesSent: UInt64
    /// Held for peers now.
    public var bytesBuffered: UInt64
    /// What the storage engine tells; nil if there is none.
    public var storage: StorageStats?
    /// Connections that ended with PROTOCOL_ERROR, since the start.
    public var protocolErrors: UInt64
    /// Requests answered with an error before a plugin saw them, since the start.
    public var refusedRequests: UInt64
    /// Requests that took longer than the configuration's `slowRequest`, since the start.
    public var slowRequests: UInt64

    public init() { self.init(startedAt: 0) }

    public init(
        startedAt: Int64 = 0, methods: [MethodStats] = [], connections: UInt64 = 0,
        connectionsAccepted: UInt64 = 0, connectionsRefused: UInt64 = 0, inFlight: UInt64 = 0,
        bytesReceived: UInt64 = 0, bytesSent: UInt64 = 0, bytesBuffered: UInt64 = 0,
        storage: StorageStats? = nil, protocolErrors: UInt64 = 0, refusedRequests: UInt64 = 0,
        slowRequests: UInt64 = 0
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
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: startedAt = try reader.int64()
        case 2: methods.append(try reader.message(after: methods.count, most: Limits.repeated))
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
    }
}

/// What was counted of one method.
public struct MethodStats: ProtocolMessage {
    /// "store.put".
    public static var name: String { "articled.v1.MethodStats" }

    /// "store.put".
    public var name: String
    /// Ended, whatever the status.
    public var count: UInt64
    /// Ended with another status than OK.
    public var errors: UInt64
    /// How often each status code ended a request.
    public var statuses: [StatusCount]
    /// From the frame's arrival to the last byte in the outgoing buffer.
    public var latency: Histogram?

    public init() { self.init(name: "") }

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
        case 4: statuses.append(try reader.message(after: statuses.count, most: Limits.repeated))
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

/// How many requests ended with a status.
public struct StatusCount: ProtocolMessage {
    public static var name: String { "articled.v1.StatusCount" }

    /// A status code.
    public var code: UInt32
    /// How many requests ended with it.
    public var count: UInt64

    public init() { self.init(code: 0) }

    public init(
        code: UInt32 = 0, count: UInt64 = 0
    ) {
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

/// How many values lie below each bound.
public struct Histogram: ProtocolMessage {
    public static var name: String { "articled.v1.Histogram" }

    /// Upper bounds, ascending.
    public var boundsNs: [UInt64]
    /// One for each bound, one more for what lies above.
    public var counts: [UInt64]
    /// All values together, in nanoseconds.
    public var sumNs: UInt64

    public init() { self.init(boundsNs: []) }

    public init(
        boundsNs: [UInt64] = [], counts: [UInt64] = [], sumNs: UInt64 = 0
    ) {
        self.boundsNs = boundsNs
        self.counts = counts
        self.sumNs = sumNs
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.append(to: &boundsNs, most: Limits.repeated)
        case 2: try reader.append(to: &counts, most: Limits.repeated)
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

/// What the storage engine tells of itself.
public struct StorageStats: ProtocolMessage {
    public static var name: String { "articled.v1.StorageStats" }

    /// How many articles there are.
    public var records: UInt64
    /// Occupied by live data and indexes.
    public var usedBytes: UInt64
    /// On disk.
    public var fileBytes: UInt64
    /// Committed since the start.
    public var transactions: UInt64
    /// Changes in these.
    public var writes: UInt64
    /// When all that is stored was last checked: milliseconds since 1970-01-01T00:00:00Z; 0: not yet.
    public var scrubEndedAt: Int64
    /// Articles checked then.
    public var scrubRecords: UInt64
    /// Findings then.
    public var scrubDamaged: UInt64
    /// A check is under way.
    public var scrubRunning: Bool

    public init() { self.init(records: 0) }

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

/// The request of service.metrics.
public struct MetricsRequest: ProtocolMessage {
    public static var name: String { "articled.v1.MetricsRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}

/// The response of service.metrics.
public struct MetricsResult: ProtocolMessage {
    public static var name: String { "articled.v1.MetricsResult" }

    /// The text format of OpenMetrics 1.0, whole: it ends with "# EOF".
    public var text: String

    public init() { self.init(text: "") }

    public init(
        text: String = ""
    ) {
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
