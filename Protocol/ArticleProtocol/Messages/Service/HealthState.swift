/// How a part of the service is doing.
public enum HealthState: UInt32, Sendable, Comparable {
    case healthy = 0
    /// It works, but needs somebody's attention.
    case degraded = 1
    case unhealthy = 2

    init(from reader: inout WireReader) throws(ServiceError) {
        // A state that this version does not know is worse than those it knows.
        self = HealthState(rawValue: try reader.uint32()) ?? .unhealthy
    }

    /// The worse is the greater.
    public static func < (a: HealthState, b: HealthState) -> Bool { a.rawValue < b.rawValue }
}
