// SPDX-License-Identifier: Apache-2.0
/// The versions of PROTOCOL.md that this package speaks. A peer offers a range of them in its HELLO.
public enum ProtocolVersion {
    /// The versions that this library speaks; a HELLO offers the lowest and the highest.
    public static let supported: ClosedRange<UInt32> = 1...1
}

/// The payload of the client's HELLO.
public struct ClientHello: ProtocolMessage {
    public static var name: String { "articled.v1.ClientHello" }

    /// The lowest protocol version that the client speaks.
    public var protocolMin: UInt32
    /// The highest protocol version that the client speaks.
    public var protocolMax: UInt32
    /// The largest payload that the client accepts, in bytes.
    public var maxFrame: UInt32
    /// The initial credit of each response stream, in bytes.
    public var streamWindow: UInt32
    /// The client's features. Version 1 defines none.
    public var features: [String]
    /// The client's name for the journal: "articlectl/0.1.0".
    public var agent: String

    public init() { self.init(protocolMin: 0) }

    /// Creates a message from its fields.
    public init(
        protocolMin: UInt32 = 0, protocolMax: UInt32 = 0, maxFrame: UInt32 = 0, streamWindow: UInt32 = 0,
        features: [String] = [], agent: String = ""
    ) {
        self.protocolMin = protocolMin
        self.protocolMax = protocolMax
        self.maxFrame = maxFrame
        self.streamWindow = streamWindow
        self.features = features
        self.agent = agent
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: protocolMin = try reader.uint32()
        case 2: protocolMax = try reader.uint32()
        case 3: maxFrame = try reader.uint32()
        case 4: streamWindow = try reader.uint32()
        case 5: features.append(try reader.string(within: features.count))
        case 6: agent = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(protocolMin, at: 1)
        writer.write(protocolMax, at: 2)
        writer.write(maxFrame, at: 3)
        writer.write(streamWindow, at: 4)
        for value in features { writer.writeAlways(value, at: 5) }
        writer.write(agent, at: 6)
    }
}

/// The payload of the server's HELLO.
public struct ServerHello: ProtocolMessage {
    public static var name: String { "articled.v1.ServerHello" }

    /// The protocol version of this connection.
    public var protocolVersion: UInt32
    /// The largest payload that the server accepts, in bytes.
    public var maxFrame: UInt32
    /// The initial credit of each request stream, in bytes.
    public var streamWindow: UInt32
    /// The client's features that the server shares.
    public var features: [String]
    /// The server's name: "articled/0.1.0".
    public var agent: String
    /// How many requests may be in flight on this connection.
    public var maxInFlight: UInt32
    /// After this time without requests the server closes the connection, in milliseconds; 0: never.
    public var idleTimeoutMs: UInt32
    /// The methods. Name and number are always set.
    public var methods: [MethodDescription]
    /// What this peer may do, as a sum: 1 read, 2 write, 4 administer.
    public var roles: UInt32

    public init() { self.init(protocolVersion: 0) }

    /// Creates a message from its fields.
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
        case 8: methods.append(try reader.message(after: methods.count, max: Limits.repeated))
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

/// The options before a request message in a frame with the OPTIONS flag.
public struct CallOptions: ProtocolMessage {
    public static var name: String { "articled.v1.CallOptions" }

    /// The deadline, in milliseconds from the arrival of the frame; 0: the service's default.
    public var deadlineMs: UInt32

    public init() { self.init(deadlineMs: 0) }

    /// Creates a message from its fields.
    public init(deadlineMs: UInt32 = 0) {
        self.deadlineMs = deadlineMs
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: deadlineMs = try reader.uint32()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(deadlineMs, at: 1)
    }
}

/// The payload of CREDIT.
public struct Credit: ProtocolMessage {
    public static var name: String { "articled.v1.Credit" }

    /// How many more bytes the receiver of this frame may send. Each message costs its size plus 16.
    public var bytes: UInt32

    public init() { self.init(bytes: 0) }

    /// Creates a message from its fields.
    public init(bytes: UInt32 = 0) {
        self.bytes = bytes
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: bytes = try reader.uint32()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(bytes, at: 1)
    }
}
