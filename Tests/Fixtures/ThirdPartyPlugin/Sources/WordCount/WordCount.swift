import ArticleProtocol

/// The answer of words.count, a message of this package's own.
struct WordCount: ProtocolMessage {
    static var name: String { "example.WordCount" }

    var words: UInt64 = 0

    init() {}

    init(words: UInt64) { self.words = words }

    mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: words = try reader.uint64()
        default: try reader.skip()
        }
    }

    func encode(to writer: inout WireWriter) { writer.write(words, at: 1) }
}
