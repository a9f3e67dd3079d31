internal import ArticleProtocol

/// A `GetManyRequest` whose keys are read one by one, as they are answered: what is wrong with one is that key's answer, and the
/// others go on.
struct GetManyKeys {
    let view: View
    private let message: [UInt8]
    /// Where each encoded `ArticleKey` stands in `message`.
    private let places: [Range<Int>]

    init(_ message: [UInt8]) throws(ServiceError) {
        var reader = unsafe WireReader(message.span.bytes)
        var places: [Range<Int>] = []
        var view = View.full
        while try reader.next() {
            switch reader.field {
            case 1:
                guard places.count < Limits.keys else { throw reader.malformed("more than \(Limits.keys) keys") }
                let size = try reader.span().byteCount
                places.append(reader.offset - size..<reader.offset)
            case 2:
                let value = try reader.uint32()
                guard let known = View(rawValue: value) else { throw reader.malformed("view \(value) is not known") }
                view = known
            default: try reader.skip()
            }
        }
        self.view = view
        self.message = message
        self.places = places
    }

    var count: Int { places.count }

    /// The encoded key; `index` is below `count`.
    func withKey<Result>(
        _ index: Int, _ body: (RawSpan) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        try unsafe body(message.span.bytes.extracting(places[index]))
    }
}
