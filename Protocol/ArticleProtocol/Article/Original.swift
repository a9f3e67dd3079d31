/// What surrounded the body in the file that the article was read from: head, body and tail are the file, byte for byte.
public struct Original: ProtocolMessage {
    public static var name: String { "articled.v1.Original" }

    /// What stood before the body.
    public var head: [UInt8]
    /// What stood behind it.
    public var tail: [UInt8]
    /// "text/plain".
    public var mediaType: String

    public init() { self.init(head: []) }

    public init(
        head: [UInt8] = [], tail: [UInt8] = [], mediaType: String = ""
    ) {
        self.head = head
        self.tail = tail
        self.mediaType = mediaType
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: head = try reader.byteArray()
        case 2: tail = try reader.byteArray()
        case 3: mediaType = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(head, at: 1)
        writer.write(tail, at: 2)
        writer.write(mediaType, at: 3)
    }
}
