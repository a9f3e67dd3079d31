// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@Suite struct FrameHeaderTests {
    private let header = FrameHeader(
        payloadLength: 0x0403_0201, kind: FrameKind(rawValue: 5), flags: FrameFlags(rawValue: 6), method: 0x0807,
        stream: 0x0c0b_0a09, checksum: 0x100f_0e0d)

    @Test func layout() {
        var bytes: [UInt8] = []
        header.append(to: &bytes)
        #expect(bytes == Array(1...16))
    }

    @Test(arguments: 0..<9)
    func readsAtAnyOffset(_ offset: Int) {
        let bytes = [UInt8](repeating: 0xaa, count: offset) + Array(1...16) + [0xbb]
        let read = FrameHeader(decoding: bytes.raw.extracting(droppingFirst: offset))
        #expect(read == header)
    }

    @Test(arguments: 0..<16)
    func isNilWhenCutOff(_ count: Int) {
        let bytes = [UInt8](repeating: 1, count: count)
        let read = FrameHeader(decoding: bytes.raw)
        #expect(read == nil)
    }

    @Test func kindsHaveNames() {
        #expect(FrameKind.goAway.description == "GO_AWAY")
        #expect(FrameKind(rawValue: 0).description == "kind 0")
        #expect(FrameKind(rawValue: 255).description == "kind 255")
    }
}
