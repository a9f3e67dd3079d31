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
