/// The request of classify.text.
public struct ClassifyTextRequest: ProtocolMessage {
    public static var name: String { "articled.v1.ClassifyTextRequest" }

    /// The headline, if there is one.
    public var title: String
    /// The text.
    public var body: String
    /// Whether to tell the phrases that decided.
    public var explain: Bool

    public init() { self.init(title: "") }

    public init(
        title: String = "", body: String = "", explain: Bool = false
    ) {
        self.title = title
        self.body = body
        self.explain = explain
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: title = try reader.string()
        case 2: body = try reader.string()
        case 3: explain = try reader.bool()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(title, at: 1)
        writer.write(body, at: 2)
        writer.write(explain, at: 3)
    }
}
