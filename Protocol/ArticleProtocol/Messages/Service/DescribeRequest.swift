/// The request of service.describe.
public struct DescribeRequest: ProtocolMessage {
    public static var name: String { "articled.v1.DescribeRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}
