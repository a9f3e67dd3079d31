internal import ArticleProtocol

/// The methods and their numbers as a server's HELLO told them.
struct MethodTable: ProtocolMessage {
    static var name: String { "method table" }

    var methods: [MethodDescription] = []

    init() {}

    init(_ methods: [MethodDescription]) { self.methods = methods }

    mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        guard reader.field == 1 else { return try reader.skip() }
        guard methods.count < Int(UInt16.max) else {
            throw ServiceError(.invalidArgument, "more than \(UInt16.max) methods")
        }
        methods.append(try reader.message())
    }

    func encode(to writer: inout WireWriter) { writer.write(methods, at: 1) }
}
