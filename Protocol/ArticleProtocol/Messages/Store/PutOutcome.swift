/// What a put came to.
public enum PutOutcome: UInt32, Sendable {
    /// A value of a later version.
    case unspecified = 0
    case created = 1
    case updated = 2
    /// The same content was there already: nothing was written.
    case unchanged = 3

    init(from reader: inout WireReader) throws(ServiceError) {
        self = PutOutcome(rawValue: try reader.uint32()) ?? .unspecified
    }
}
