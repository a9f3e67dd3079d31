/// What was counted of one method.
public struct MethodStats: ProtocolMessage {
    /// "store.put".
    public static var name: String { "articled.v1.MethodStats" }

    /// "store.put".
    public var name: String
    /// Ended, whatever the status.
    public var count: UInt64
    /// Ended with another status than OK.
    public var errors: UInt64
    /// How often each status code ended a request.
    public var statuses: [StatusCount]
    /// From the frame's arrival to the last byte in the outgoing buffer.
    public var latency: Histogram?

    public init() { self.init(name: "") }

    public init(
        name: String = "", count: UInt64 = 0, errors: UInt64 = 0, statuses: [StatusCount] = [],
        latency: Histogram? = nil
    ) {
        self.name = name
        self.count = count
        self.errors = errors
        self.statuses = statuses
        self.latency = latency
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: name = try reader.string()
        case 2: count = try reader.uint64()
        case 3: errors = try reader.uint64()
        case 4: statuses.append(try reader.message(after: statuses.count, most: Limits.repeated))
        case 5: try reader.merge(into: &latency)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(name, at: 1)
        writer.write(count, at: 2)
        writer.write(errors, at: 3)
        writer.write(statuses, at: 4)
        writer.write(latency, at: 5)
    }
}
