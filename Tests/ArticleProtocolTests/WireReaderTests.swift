// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@Suite struct WireReaderTests {
    /// The fields of some bytes, skipped.
    private func fields(_ bytes: [UInt8]) throws(ServiceError) -> [UInt32] {
        var reader = WireReader(bytes.raw)
        var fields: [UInt32] = []
        while try reader.next() {
            fields.append(reader.field)
            try reader.skip()
        }
        return fields
    }

    @Test func skipsEachWireType() throws {
        #expect(
            try fields([0x08, 0xff, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1a, 2, 9, 9, 0x25, 1, 2, 3, 4]) == [
                1, 2, 3, 4,
            ])
        #expect(try fields([0xf8, 0xff, 0xff, 0xff, 0x0f, 0]) == [(1 << 29) - 1])
        #expect(try fields([]) == [])
    }

    @Test(arguments: [UInt64(0), 1, 127, 128, 300, 1 << 31, 1 << 32, 1 << 63, .max])
    func varintsOfAllLengths(_ value: UInt64) throws {
        var writer = WireWriter()
        writer.writeAlways(value, at: 5)
        var reader = WireReader(writer.bytes.raw)
        #expect(try reader.next())
        #expect(try reader.uint64() == value)
        #expect(try !reader.next())
    }

    @Test func longerVarintsThanNeededAreVarints() throws {
        var reader = WireReader(([0x88, 0x80, 0x00, 0x81, 0x80, 0x80, 0x00] as [UInt8]).raw)
        #expect(try reader.next())
        #expect(reader.field == 1)
        #expect(try reader.uint64() == 1)
    }

    /// What is not well-formed, and the part of the message that says why.
    @Test(
        arguments: [
            ([0x80], "inside a varint"), ([0x08], "inside a varint"), ([0x08, 0x80], "inside a varint"),
            ([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], "more than 64 bits"),
            ([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], "more than 64 bits"),
            ([0x00, 0x00], "field number"), ([0x80, 0x80, 0x80, 0x80, 0x10, 0], "field number"),
            ([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "field number"),
            ([0x0b], "wire type 3"), ([0x0c], "wire type 4"), ([0x0e], "wire type 6"), ([0x0f], "wire type 7"),
            ([0x0d, 1, 2, 3], "inside a value"), ([0x09, 1, 2, 3, 4, 5, 6, 7], "inside a value"),
            ([0x0a, 1], "a length of 1 bytes where 0 are left"),
            ([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "a length of 18446744073709551615"),
            ([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], "a length of 9223372036854775807"),
        ] as [([UInt8], String)])
    func malformedBytesAreErrors(_ bytes: [UInt8], _ why: String) {
        expect(.invalidArgument, why) { () throws(ServiceError) in _ = try fields(bytes) }
    }

    @Test func aValueOfAnotherWireTypeIsAnError() {
        expect(.invalidArgument, "wire type 0; 2 is expected") { () throws(ServiceError) in
            _ = try PingRequest(decoding: [0x08, 0x01])
        }
        expect(.invalidArgument, "wire type 2; 0 is expected") { () throws(ServiceError) in
            _ = try Credit(decoding: [0x0a, 0x01, 0x01])
        }
        expect(.invalidArgument, "wire type 1; 5 is expected") { () throws(ServiceError) in
            _ = try Topic(decoding: [0x11, 0, 0, 0, 0, 0, 0, 0, 0])
        }
    }

    @Test(
        arguments: [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe1, 0xba]] as [[UInt8]])
    func textMustBeUTF8(_ text: [UInt8]) {
        expect(.invalidArgument, "field 2: the text is not valid UTF-8") { () throws(ServiceError) in
            _ = try Article(decoding: [0x12, UInt8(text.count)] + text)
        }
    }

    @Test func nestingIsBounded() throws {
        #expect(try Nest(decoding: Nest.bytes(Limits.depth)).depth == Limits.depth)
        expect(.invalidArgument, "nested deeper than \(Limits.depth)") { () throws(ServiceError) in
            _ = try Nest(decoding: Nest.bytes(Limits.depth + 1))
        }
    }
}

/// A message that holds itself, as none of articles.proto does.
private struct Nest: ProtocolMessage {
    static var name: String { "Nest" }
    var depth = 0

    static func bytes(_ depth: Int) -> [UInt8] {
        (0..<depth).reduce(into: []) { bytes, _ in bytes = [0x0a, UInt8(bytes.count)] + bytes }
    }

    mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        var inner = Nest()
        try reader.merge(into: &inner)
        depth = inner.depth + 1
    }

    func encode(to writer: inout WireWriter) {}
}
