/// The payload of the server's HELLO.
public struct ServerHello: ProtocolMessage {
    public static var name: String { "articled.v1.ServerHello" }

    /// The version both will speak.
    public var protocolVersion: UInt32
    /// The largest payload that the server takes, in bytes.
    public var maxFrame: UInt32
    /// Credit it grants each request stream at the start, bytes.
    public var streamWindow: UInt32
    /// Those of the client's that it shares.
    public var features: [String]
    /// "articled/0.1.0".
    public var agent: String
    /// Requests at once on this connection.
    public var maxInFlight: UInt32
    /// 0: none.
    public var idleTimeoutMs: UInt32
    /// Number and name are always there.
    public var methods: [MethodDescription]
    /// What this peer may do: 1 read, 2 write, 4 administer.
    public var roles: UInt32

    public init() { self.init(protocolVersion: 0) }

    public init(
        protocolVersion: UInt32 = 0, maxFrame: UInt32 = 0, streamWindow: UInt32 = 0, features: [String] = [],
        agent: String = "", maxInFlight: UInt32 = 0, idleTimeoutMs: UInt32 = 0,
        methods: [MethodDescription] = [], roles: UInt32 = 0
    ) {
        self.protocolVersion = protocolVersion
        self.maxFrame = maxFrame
        self.streamWindow = streamWindow
        self.features = features
        self.agent = agent
        self.maxInFlight = maxInFlight
        self.idleTimeoutMs = idleTimeoutMs
        self.methods = methods
        self.roles = roles
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: protocolVersion = try reader.uint32()
        case 2: maxFrame = try reader.uint32()
        case 3: streamWindow = try reader.uint32()
        case 4: features.append(try reader.string(within: features.count))
        case 5: agent = try reader.string()
        case 6: maxInFlight = try reader.uint32()
        case 7: idleTimeoutMs = try reader.uint32()
        case 8: methods.append(try reader.message(after: methods.count, most: Limits.repeated))
        case 9: roles = try reader.uint32()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(protocolVersion, at: 1)
        writer.write(maxFrame, at: 2)
        writer.write(streamWindow, at: 3)
        for value in features { writer.writeAlways(value, at: 4) }
        writer.write(agent, at: 5)
        writer.write(maxInFlight, at: 6)
        writer.write(idleTimeoutMs, at: 7)
        writer.write(methods, at: 8)
        writer.write(roles, at: 9)
    }
}
