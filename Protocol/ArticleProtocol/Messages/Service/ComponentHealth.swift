/// The health of one part of the service.
public struct ComponentHealth: ProtocolMessage {
    /// The plugin, or a part of the service.
    public static var name: String { "articled.v1.ComponentHealth" }

    /// The plugin, or a part of the service.
    public var name: String
    /// How it is doing.
    public var state: HealthState
    /// For people: what is wrong, and what to do.
    public var message: String

    public init() { self.init(name: "") }

    public init(
        name: String = "", state: HealthState = .healthy, message: String = ""
    ) {
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
