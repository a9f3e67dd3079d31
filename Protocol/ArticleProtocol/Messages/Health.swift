// SPDX-License-Identifier: Apache-2.0
/// The request of `service.ping`.
public struct PingRequest: ProtocolMessage {
    public static var name: String { "articled.v1.PingRequest" }

    /// The bytes to echo. At most 1024.
    public var payload: [UInt8]

    public init() { self.init(payload: []) }

    /// Creates a message from its fields.
    public init(payload: [UInt8] = []) {
        self.payload = payload
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: payload = try reader.byteArray()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(payload, at: 1)
    }
}

/// The response of `service.ping`.
public struct PingResult: ProtocolMessage {
    public static var name: String { "articled.v1.PingResult" }

    /// The bytes of the request.
    public var payload: [UInt8]
    /// The service's clock, in milliseconds since 1970-01-01T00:00:00Z.
    public var time: Int64

    public init() { self.init(payload: []) }

    /// Creates a message from its fields.
    public init(payload: [UInt8] = [], time: Int64 = 0) {
        self.payload = payload
        self.time = time
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: payload = try reader.byteArray()
        case 2: time = try reader.int64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(payload, at: 1)
        writer.write(time, at: 2)
    }
}

/// The request of `service.health`. It has no fields.
public struct HealthRequest: ProtocolMessage {
    public static var name: String { "articled.v1.HealthRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}

/// The response of `service.health`.
public struct HealthResult: ProtocolMessage {
    public static var name: String { "articled.v1.HealthResult" }

    /// The worst state of all components.
    public var state: HealthState
    /// Each part of the service.
    public var components: [ComponentHealth]

    public init() { self.init(state: .healthy) }

    /// Creates a message from its fields.
    public init(state: HealthState = .healthy, components: [ComponentHealth] = []) {
        self.state = state
        self.components = components
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: state = try HealthState(from: &reader)
        case 2: components.append(try reader.message(after: components.count, max: Limits.repeated))
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(state.rawValue, at: 1)
        writer.write(components, at: 2)
    }
}

/// The health of a part of the service. Worse states compare greater.
public enum HealthState: UInt32, Sendable, Comparable {
    /// It works.
    case healthy = 0
    /// It works, but needs attention.
    case degraded = 1
    /// It does not work.
    case unhealthy = 2

    init(from reader: inout WireReader) throws(ServiceError) {
        // A state that this version does not know is worse than those it knows.
        self = HealthState(rawValue: try reader.uint32()) ?? .unhealthy
    }

    /// Worse states compare greater.
    public static func < (a: HealthState, b: HealthState) -> Bool { a.rawValue < b.rawValue }
}

/// The health of one part of the service.
public struct ComponentHealth: ProtocolMessage {
    public static var name: String { "articled.v1.ComponentHealth" }

    /// The plugin, or a part of the service.
    public var name: String
    /// The state of this part.
    public var state: HealthState
    /// For people: what is wrong, and what to do.
    public var message: String

    public init() { self.init(name: "") }

    /// Creates a message from its fields.
    public init(name: String = "", state: HealthState = .healthy, message: String = "") {
        self.name = name
        self.state = state
        self.message = message
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: name = try reader.string()
        case 2: state = try HealthState(from: &reader)
        case 3: message = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(name, at: 1)
        writer.write(state.rawValue, at: 2)
        writer.write(message, at: 3)
    }
}
