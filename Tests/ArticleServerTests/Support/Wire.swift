import ArticleProtocol
import Testing

/// A frame as a peer sees it.
struct WireFrame: Equatable {
    var kind: FrameKind
    var flags: FrameFlags = []
    var method: UInt16 = 0
    var stream: UInt32 = 0
    var payload: [UInt8] = []

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        FrameHeader(
            payloadLength: UInt32(payload.count), kind: kind, flags: flags, method: method, stream: stream,
            checksum: CRC32C.checksum(payload)
        ).append(to: &bytes)
        return bytes + payload
    }

    /// The whole frames in `bytes`, which must hold nothing else.
    static func all(in bytes: [UInt8]) throws -> [WireFrame] {
        var frames: [WireFrame] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let header = try #require(unsafe FrameHeader(decoding: Array(rest.prefix(16)).span.bytes))
            let payload = Array(rest.dropFirst(16).prefix(Int(header.payloadLength)))
            try #require(payload.count == Int(header.payloadLength))
            #expect(CRC32C.checksum(payload) == header.checksum)
            frames.append(
                WireFrame(
                    kind: header.kind, flags: header.flags, method: header.method, stream: header.stream,
                    payload: payload))
            rest = rest.dropFirst(16 + payload.count)
        }
        return frames
    }

    /// The status that an ERROR or a GO_AWAY carries.
    func status() throws -> Status { try Status(decoding: payload) }
}
