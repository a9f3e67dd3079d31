// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import Testing

@testable import ArticleServer

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

/// Two connected, non-blocking Unix sockets.
func socketPair() throws -> (Int32, Int32) {
    var pair: [Int32] = [0, 0]
    let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    try #require(unsafe socketpair(AF_UNIX, flags, 0, &pair) == 0)
    return (pair[0], pair[1])
}

/// Everything that can be read without waiting.
func drain(_ descriptor: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = unsafe read(descriptor, &block, block.count)
        if count <= 0 { return all }
        all += block[..<count]
    }
}

/// Whether there is something to read.
func hasInput(_ descriptor: Int32) -> Bool {
    var asked = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&asked, 1, 0) == 1
}

/// Sends a frame in one piece, which the socket must take.
func deliver(_ frame: WireFrame, to descriptor: Int32) throws {
    let bytes = frame.bytes
    let written = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    try #require(written == bytes.count)
}
