// SPDX-License-Identifier: Apache-2.0
/// A message of `articles.proto`.
public protocol ProtocolMessage: Sendable, Equatable {
    /// The full name of the message type: "articled.v1.PutRequest".
    static var name: String { get }

    /// Creates a message with all fields at their defaults.
    init()

    /// Reads the field at which `reader` is positioned. Skips an unknown field.
    mutating func merge(from reader: inout WireReader) throws(ServiceError)

    /// Appends all fields in ascending order.
    func encode(to writer: inout WireWriter)
}

extension ProtocolMessage {
    /// Decodes a message that fills `bytes` exactly.
    ///
    /// - Throws: `INVALID_ARGUMENT` with the message, the field and the position.
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

    /// Decodes a message that fills `bytes` exactly.
    @inlinable
    public init(decoding bytes: [UInt8]) throws(ServiceError) { try unsafe self.init(decoding: bytes.span.bytes) }

    /// Decodes a message that fills `bytes` exactly.
    @inlinable
    public init(decoding bytes: UnsafeRawBufferPointer) throws(ServiceError) {
        unsafe try self.init(decoding: bytes.bytes)
    }

    /// The encoded message.
    @inlinable
    public func encoded() -> [UInt8] {
        // Enough for most responses. A buffer that grows is reallocated at each step.
        var writer = WireWriter(capacity: 64)
        encode(to: &writer)
        return writer.bytes
    }
}
