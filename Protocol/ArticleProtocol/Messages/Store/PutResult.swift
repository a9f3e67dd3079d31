/// The response of store.put.
public struct PutResult: ProtocolMessage {
    public static var name: String { "articled.v1.PutResult" }

    /// What it came to.
    public var outcome: PutOutcome
    /// The article's id, also if the service made it.
    public var id: ArticleID?
    /// The revision that is stored now.
    public var revision: UInt64
    /// When the first revision was stored, in milliseconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// When this revision was stored.
    public var storedAt: Int64

    public init() { self.init(outcome: .unspecified) }

    public init(
        outcome: PutOutcome = .unspecified, id: ArticleID? = nil, revision: UInt64 = 0, createdAt: Int64 = 0,
        storedAt: Int64 = 0
    ) {
        self.outcome = outcome
        self.id = id
        self.revision = revision
        self.createdAt = createdAt
        self.storedAt = storedAt
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: outcome = try PutOutcome(from: &reader)
        case 2: id = try reader.articleID()
        case 3: revision = try reader.uint64()
        case 4: createdAt = try reader.int64()
        case 5: storedAt = try reader.int64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(outcome.rawValue, at: 1)
        writer.write(id, at: 2)
        writer.write(revision, at: 3)
        writer.write(createdAt, at: 4)
        writer.write(storedAt, at: 5)
    }
}
