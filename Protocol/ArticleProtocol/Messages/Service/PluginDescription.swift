/// A loaded plugin.
public struct PluginDescription: ProtocolMessage {
    /// "fetch".
    public static var name: String { "articled.v1.PluginDescription" }

    /// "fetch".
    public var name: String
    /// The plugin's own.
    public var version: String
    /// The library's file.
    public var path: String
    /// The language runtime it needs: "swift-6.3.1".
    public var runtime: String
    /// "1.0".
    public var abi: String
    /// Names of the methods that it answers.
    public var methods: [String]
    /// It is the storage engine.
    public var storage: Bool

    public init() { self.init(name: "") }

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
