/// The response of service.describe.
public struct ServiceDescription: ProtocolMessage {
    public static var name: String { "articled.v1.ServiceDescription" }

    /// Of articled.
    public var version: String
    /// The highest version of the protocol.
    public var protocolVersion: UInt32
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var startedAt: Int64
    /// What was loaded, in the order of loading.
    public var plugins: [PluginDescription]
    /// All methods, with their message types.
    public var methods: [MethodDescription]
    /// "unix:/run/articled/articled.sock".
    public var listeners: [String]

    public init() { self.init(version: "") }

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
        case 4: plugins.append(try reader.message(after: plugins.count, most: Limits.repeated))
        case 5: methods.append(try reader.message(after: methods.count, most: Limits.repeated))
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
