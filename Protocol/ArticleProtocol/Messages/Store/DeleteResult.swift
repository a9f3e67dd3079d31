/// The response of store.delete: what was deleted.
public struct DeleteResult: ProtocolMessage {
    public static var name: String { "articled.v1.DeleteResult" }

    /// The article's id.
    public var id: ArticleID?
    /// The one that was deleted.
    public var revision: UInt64

    public init() { self.init(id: nil) }

    public init(
        id: ArticleID? = nil, revision: UInt64 = 0
    ) {
        self.id = id
        self.revision = revision
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: id = try reader.articleID()
        case 2: revision = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(id, at: 1)
        writer.write(revision, at: 2)
    }
}
