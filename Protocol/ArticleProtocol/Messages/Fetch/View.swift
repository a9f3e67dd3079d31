/// How much of an article is wanted.
public enum View: UInt32, Sendable {
    case full = 0
    /// Without body and original.
    case summary = 1

    init(from reader: inout WireReader) throws(ServiceError) {
        let value = try reader.uint32()
        guard let view = View(rawValue: value) else { throw reader.malformed("view \(value) is not known") }
        self = view
    }
}
