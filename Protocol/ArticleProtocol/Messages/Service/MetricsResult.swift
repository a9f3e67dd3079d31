/// The response of service.metrics.
public struct MetricsResult: ProtocolMessage {
    public static var name: String { "articled.v1.MetricsResult" }

    /// The text format of OpenMetrics 1.0, whole: it ends with "# EOF".
    public var text: String

    public init() { self.init(text: "") }

    public init(
        text: String = ""
    ) {
        self.text = text
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: text = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(text, at: 1)
    }
}
