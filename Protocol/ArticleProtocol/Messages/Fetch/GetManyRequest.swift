/// The request of fetch.getMany.
public struct GetManyRequest: ProtocolMessage {
    public static var name: String { "articled.v1.GetManyRequest" }

    /// Which articles; at most `Limits.keys`.
    public var keys: [ArticleKey]
    /// How much of each.
    public var view: View

    public init() { self.init(keys: []) }

    public init(
        keys: [ArticleKey] = [], view: View = .full
    ) {
        self.keys = keys
        self.view = view
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: keys.append(try reader.message(after: keys.count, most: Limits.keys))
        case 2: view = try View(from: &reader)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(keys, at: 1)
        writer.write(view.rawValue, at: 2)
    }
}
