/// The request of store.put, and each message of store.putMany.
public struct PutRequest: ProtocolMessage {
    public static var name: String { "articled.v1.PutRequest" }

    /// Named by its id, else by its url, else new.
    public var article: Article?
    /// 0: must not exist; n: must be at n; absent: whatever is there.
    public var expectedRevision: UInt64?

    public init() { self.init(article: nil) }

    public init(
        article: Article? = nil, expectedRevision: UInt64? = nil
    ) {
        self.article = article
        self.expectedRevision = expectedRevision
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.merge(into: &article)
        case 2: expectedRevision = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(article, at: 1)
        if let expectedRevision { writer.writeAlways(expectedRevision, at: 2) }
    }
}
