// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc

/// The service's side of one connection, as a script drives it: blocking, each wait bounded.
final class ScriptedConnection {
    struct Frame {
        var header: FrameHeader
        var payload: [UInt8]

        /// Without the call options.
        var message: [UInt8] {
            guard header.flags.contains(.options), let length = payload.first else { return payload }
            return Array(payload.dropFirst(1 + Int(length)))
        }

        var options: CallOptions? {
            guard header.flags.contains(.options), let length = payload.first else { return nil }
            return try? CallOptions(decoding: Array(payload.dropFirst().prefix(Int(length))))
        }
    }

    struct Unexpected: Error, CustomStringConvertible {
        var description: String
    }

    private let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    func close() { Glibc.close(descriptor) }

    /// Lets the client's next bytes fail, of which it learns only when it sends them.
    func refuseInput() { shutdown(descriptor, Int32(SHUT_RD)) }

    /// Reads the client's hello and answers it.
    @discardableResult
    func hello(
        _ methods: [MethodDescription] = ScriptedConnection.methods, window: UInt32 = 256 << 10,
        inFlight: UInt32 = 1024,
        idle: UInt32 = 0
    ) throws -> ClientHello {
        let hello = try ClientHello(decoding: receive(.hello).payload)
        try answerHello(methods, window: window, inFlight: inFlight, idle: idle)
        return hello
    }

    /// The second half of `hello`.
    func answerHello(
        _ methods: [MethodDescription] = ScriptedConnection.methods, window: UInt32 = 256 << 10,
        inFlight: UInt32 = 1024, idle: UInt32 = 0
    ) throws {
        let answer = ServerHello(
            protocolVersion: 1, maxFrame: 16 << 20, streamWindow: window, agent: "scripted", maxInFlight: inFlight,
            idleTimeoutMs: idle,
            methods: methods)
        try send(.hello, answer.encoded())
    }

    static let methods = [
        MethodDescription(name: "test.once", number: 1),
        MethodDescription(name: "test.again", number: 2, idempotent: true),
        MethodDescription(name: "test.stream", number: 3, streamResponse: true),
        MethodDescription(name: "test.upload", number: 4, streamRequest: true),
        MethodDescription(name: "store.put", number: 5),
        MethodDescription(name: "store.putMany", number: 6, streamRequest: true, streamResponse: true),
        MethodDescription(name: "fetch.get", number: 7, idempotent: true),
        MethodDescription(name: "fetch.list", number: 8, streamResponse: true, idempotent: true),
        MethodDescription(name: "fetch.getMany", number: 9, streamResponse: true, idempotent: true),
        MethodDescription(name: "classify.article", number: 10, idempotent: true),
        MethodDescription(name: "changes.watch", number: 11, streamResponse: true, idempotent: true, endless: true),
    ]

    /// The next frame, which must be of this kind.
    func receive(_ kind: FrameKind) throws -> Frame {
        let frame = try receive()
        guard frame.header.kind == kind else { throw Unexpected(description: "\(frame.header.kind), not \(kind)") }
        guard CRC32C.checksum(frame.payload) == frame.header.checksum else {
            throw Unexpected(description: "a wrong checksum")
        }
        return frame
    }

    func receive() throws -> Frame {
        let start = try read(FrameHeader.size)
        guard let header = unsafe FrameHeader(decoding: start.span.bytes) else {
            throw Unexpected(description: "no header")
        }
        return Frame(header: header, payload: try read(Int(header.payloadLength)))
    }

    /// Whether the client closes its side, after any further frames.
    func awaitClose() throws {
        while true {
            do { _ = try receive() } catch is Closed { return }
        }
    }

    func send(
        _ kind: FrameKind, _ payload: [UInt8] = [], flags: FrameFlags = [], stream: UInt32 = 0, checksum: UInt32? = nil
    ) throws {
        let header = FrameHeader(
            payloadLength: UInt32(payload.count), kind: kind, flags: flags, stream: stream,
            checksum: checksum ?? CRC32C.checksum(payload))
        var bytes: [UInt8] = []
        let append: (inout [UInt8]) -> Void = header.append
        append(&bytes)
        try send(bytes: bytes + payload)
    }

    func fail(_ stream: UInt32, _ code: StatusCode, _ message: String = "") throws {
        try send(.error, Status(code: code.rawValue, message: message).encoded(), stream: stream)
    }

    func send(bytes: [UInt8]) throws {
        var left = bytes[...]
        while !left.isEmpty {
            let count = unsafe left.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Closed() }
            left = left.dropFirst(count)
        }
    }

    struct Closed: Error {}

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var part = [UInt8](repeating: 0, count: count - bytes.count)
            let got = unsafe part.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if got == 0 || (got < 0 && errno == ECONNRESET) { throw Closed() }
            guard got > 0 else { throw Unexpected(description: "nothing came within the time limit") }
            bytes += part.prefix(got)
        }
        return bytes
    }
}
