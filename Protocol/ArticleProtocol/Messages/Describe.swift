// SPDX-License-Identifier: Apache-2.0
/// The request of `service.describe`. It has no fields.
public struct DescribeRequest: ProtocolMessage {
    public static var name: String { "articled.v1.DescribeRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}

/// The response of `service.describe`.
public struct ServiceDescription: ProtocolMessage {
    public static var name: String { "articled.v1.ServiceDescription" }

    /// The version of articled.
    public var version: String
    /// The highest protocol version that the service speaks.
    public var protocolVersion: UInt32
    /// When the service started, in milliseconds since 1970-01-01T00:00:00Z.
    public var startedAt: Int64
    /// The loaded plugins, in the order of loading.
    public var plugins: [PluginDescription]
    /// All methods, with their message types.
    public var methods: [MethodDescription]
    /// The sockets that the service listens on: "unix:/run/articled/articled.sock".
    public var listeners: [String]

    public init() { self.init(version: "") }

    /// Creates a message from its fields.
    public init(
        version: String = "", protocolVersion: UInt32 = 0, startedAt: Int64 = 0,
        plugins: [PluginDescription] = [], methods: [MethodDescription] = [], listeners: [String] = []
    ) {
        self.version = version
        self.protocolVersion = protocolVersion
        self.startedAt = startedAt
        self.plugins = plugins
        self.methods = methods
        self.listeners = listeners
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: version = try reader.string()
        case 2: protocolVersion = try reader.uint32()
        case 3: startedAt = try reader.int64()
        case 4: plugins.append(try reader.message(after: plugins.count, max: Limits.repeated))
        case 5: methods.append(try reader.message(after: methods.count, max: Limits.repeated))
        case 6: listeners.append(try reader.string(within: listeners.count))
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(version, at: 1)
        writer.write(protocolVersion, at: 2)
        writer.write(startedAt, at: 3)
        writer.write(plugins, at: 4)
        writer.write(methods, at: 5)
        for value in listeners { writer.writeAlways(value, at: 6) }
    }
}

/// A loaded plugin.
public struct PluginDescription: ProtocolMessage {
    public static var name: String { "articled.v1.PluginDescription" }

    /// The plugin's name: "fetch".
    public var name: String
    /// The plugin's own version.
    public var version: String
    /// The path of the plugin's library.
    public var path: String
    /// The language runtime that the plugin requires: "swift-6.3.1".
    public var runtime: String
    /// The version of the plugin ABI: "1.0".
    public var abi: String
    /// The names of the plugin's methods.
    public var methods: [String]
    /// Whether the plugin is the storage engine.
    public var storage: Bool

    public init() { self.init(name: "") }

    /// Creates a message from its fields.
    public init(
        name: String = "", version: String = "", path: String = "", runtime: String = "", abi: String = "",
        methods: [String] = [], storage: Bool = false
    ) {
        self.name = name
        self.version = version
        self.path = path
        self.runtime = runtime
        self.abi = abi
        self.methods = methods
        self.storage = storage
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: name = try reader.string()
        case 2: version = try reader.string()
        case 3: path = try reader.string()
        case 4: runtime = try reader.string()
        case 5: abi = try reader.string()
        case 6: methods.append(try reader.string(within: methods.count))
        case 7: storage = try reader.bool()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(name, at: 1)
        writer.write(version, at: 2)
        writer.write(path, at: 3)
        writer.write(runtime, at: 4)
        writer.write(abi, at: 5)
        for value in methods { writer.writeAlways(value, at: 6) }
        writer.write(storage, at: 7)
    }
}

/// A method, its number on this connection, and the plugin that answers it.
public struct MethodDescription: ProtocolMessage {
    public static var name: String { "articled.v1.MethodDescription" }

    /// The method's name: "store.put".
    public var name: String
    /// The method's number on this connection.
    public var number: UInt32
    /// The full name of the request message.
    public var requestType: String
    /// The full name of the response message.
    public var responseType: String
    /// Whether the request is streamed.
    public var streamRequest: Bool
    /// Whether the response is streamed.
    public var streamResponse: Bool
    /// Whether it is safe to call again when the outcome of a call is unknown.
    public var idempotent: Bool
    /// The role that a caller needs: "read", "write" or "admin".
    public var role: String
    /// The plugin that answers; empty: articled itself.
    public var plugin: String
    /// Whether the response is a stream without an end: only a deadline that the client sets applies.
    public var endless: Bool

    public init() { self.init(name: "") }

    /// Creates a message from its fields.
    public init(
        name: String = "", number: UInt32 = 0, requestType: String = "", responseType: String = "",
        streamRequest: Bool = false, streamResponse: Bool = false, idempotent: Bool = false, role: String = "",
        plugin: String = "", endless: Bool = false
    ) {
        self.name = name
        self.number = number
        self.requestType = requestType
        self.responseType = responseType
        self.streamRequest = streamRequest
        self.streamResponse = streamResponse
        self.idempotent = idempotent
        self.role = role
        self.plugin = plugin
        self.endless = endless
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: name = try reader.string()
        case 2: number = try reader.uint32()
        case 3: requestType = try reader.string()
        case 4: responseType = try reader.string()
        case 5: streamRequest = try reader.bool()
        case 6: streamResponse = try reader.bool()
        case 7: idempotent = try reader.bool()
        case 8: role = try reader.string()
        case 9: plugin = try reader.string()
        case 10: endless = try reader.bool()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(name, at: 1)
        writer.write(number, at: 2)
        writer.write(requestType, at: 3)
        writer.write(responseType, at: 4)
        writer.write(streamRequest, at: 5)
        writer.write(streamResponse, at: 6)
        writer.write(idempotent, at: 7)
        writer.write(role, at: 8)
        writer.write(plugin, at: 9)
        writer.write(endless, at: 10)
    }
}
