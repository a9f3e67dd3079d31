// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

/// Frames as bytes.
enum Frames {
    static func frame(
        _ kind: FrameKind, _ payload: [UInt8] = [], flags: FrameFlags = [], method: UInt16 = 0, stream: UInt32 = 0
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        FrameHeader(
            payloadLength: UInt32(payload.count), kind: kind, flags: flags, method: method, stream: stream,
            checksum: CRC32C.checksum(payload)
        ).append(to: &bytes)
        return bytes + payload
    }

    static func hello(window: UInt32 = 1 << 20) -> [UInt8] {
        frame(
            .hello,
            ClientHello(
                protocolMin: 1, protocolMax: 1, maxFrame: UInt32(Limits.maxFrame), streamWindow: window, agent: "test"
            )
            .encoded())
    }

    static func request(_ method: UInt16, _ message: some ProtocolMessage, stream: UInt32) -> [UInt8] {
        frame(.request, message.encoded(), flags: .end, method: method, stream: stream)
    }
}

extension ServerHello {
    /// A method's number.
    func number(_ name: String) throws -> UInt16 {
        guard let method = methods.first(where: { $0.name == name }) else {
            throw RawConnection.Failed(what: "no \(name)")
        }
        return UInt16(method.number)
    }
}
