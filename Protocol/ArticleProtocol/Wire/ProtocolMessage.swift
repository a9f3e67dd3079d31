/// A message of `articles.proto`.
public protocol ProtocolMessage: Sendable, Equatable {
    /// Its full name: "articled.v1.PutRequest".
    static var name: String { get }

    /// All fields at their defaults.
    init()

    /// Takes in the field that `reader` stands at; skips one that it does not know.
    mutating func merge(from reader: inout WireReader) throws(ServiceError)

    /// Appends all fields in ascending order.
    func encode(to writer: inout WireWriter)
}

extension ProtocolMessage {
    /// Reads a message that takes up all of `bytes`.
    ///
    /// - Throws: `INVALID_ARGUMENT`, naming the message and the place.
    @inlinable
    public init(decoding bytes: RawSpan) throws(ServiceError) {
        self.init()
        do {
            var reader = WireReader(bytes)
            while try reader.next() { try merge(from: &reader) }
        } catch {
            throw ServiceError(error.code, "\(Self.name): \(error.message)")
        }
    }

    /// The same for an array.
    @inlinable
    public init(decoding bytes: [UInt8]) throws(ServiceError) { try unsafe self.init(decoding: bytes.span.bytes) }

    /// The same for borrowed memory.
    @inlinable
    public init(decoding bytes: UnsafeRawBufferPointer) throws(ServiceError) {
        unsafe try self.init(decoding: bytes.bytes)
    }

    /// The message's bytes.
    @inlinable
    public func encoded() -> [UInt8] {
        // What most answers have room in: a buffer that grows is allocated anew with each step.
        var writer = WireWriter(capacity: 64)
        encode(to: &writer)
        return writer.bytes
    }
}
