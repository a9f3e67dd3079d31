/// How a field's value is encoded: the wire types of the Protocol Buffers encoding that proto3 uses.
public enum WireType: UInt8, Sendable {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
}
