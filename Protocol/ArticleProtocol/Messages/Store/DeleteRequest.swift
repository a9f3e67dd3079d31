/// The request of store.delete.
public struct DeleteRequest: ProtocolMessage {
    public static var name: String { "articled.v1.DeleteRequest" }

    /// Which article.
    public var key: ArticleKey?
    /// n: it must be at revision n; absent: whatever is there.
    public var expectedRevision: UInt64?

    public init() { self.init(key: nil) }

    public init(
        key: ArticleKey? = nil, expectedRevision: UInt64? = nil
    ) {
        self.key = key
        self.expectedRevision = expectedRevision
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.merge(into: &key)
        case 2: expectedRevision = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(key, at: 1)
        if let expectedRevision { writer.writeAlways(expectedRevision, at: 2) }
    }
}
