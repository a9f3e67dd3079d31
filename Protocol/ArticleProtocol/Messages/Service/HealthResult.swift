/// The response of service.health.
public struct HealthResult: ProtocolMessage {
    public static var name: String { "articled.v1.HealthResult" }

    /// The worst of all components.
    public var state: HealthState
    /// Each part of the service.
    public var components: [ComponentHealth]

    public init() { self.init(state: .healthy) }

    public init(
        state: HealthState = .healthy, components: [ComponentHealth] = []
    ) {
        self.state = state
        self.components = components
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: state = try HealthState(from: &reader)
        case 2: components.append(try reader.message(after: components.count, most: Limits.repeated))
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(state.rawValue, at: 1)
        writer.write(components, at: 2)
    }
}
