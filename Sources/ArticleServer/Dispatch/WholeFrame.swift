internal import ArticleProtocol

/// Frames for peers that there is no session with.
enum WholeFrame {
    static func goAway(_ code: StatusCode, _ message: String) -> [UInt8] {
        let payload = Status(code: code.rawValue, message: message).encoded()
        var frame: [UInt8] = []
        FrameHeader(
            payloadLength: UInt32(payload.count), kind: .goAway, checksum: CRC32C.checksum(payload)
        ).append(to: &frame)
        return frame + payload
    }
}
