/// One thing that is wrong with what is stored.
public struct StorageFinding: ProtocolMessage {
    public static var name: String { "articled.v1.StorageFinding" }

    /// The article that it is about, if it is about one.
    public var id: ArticleID?
    /// The file that it was found in.
    public var file: String
    /// Where in that file; 0 if it has no one place.
    public var offset: UInt64
    /// What is wrong, for people.
    public var problem: String

    public init() { self.init(id: nil) }

    public init(
        id: ArticleID? = nil, file: String = "", offset: UInt64 = 0, problem: String = ""
    ) {
        self.id = id
        self.file = file
        self.offset = offset
        self.problem = problem
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: id = try reader.articleID()
        case 2: file = try reader.string()
        case 3: offset = try reader.uint64()
        case 4: problem = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(id, at: 1)
        writer.write(file, at: 2)
        writer.write(offset, at: 3)
        writer.write(problem, at: 4)
    }
}
