// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import CLinux
import Glibc

/// Connections to what is measured, made one after the other before anything is measured.
enum ServiceConnections {
    /// Connects, and shakes hands as articled wants it.
    static func articled(
        _ endpoint: Endpoint, count: Int, pipeline: Int
    ) throws(CommandFailure) -> (descriptors: [Int32], methods: [String: UInt16]) {
        var descriptors: [Int32] = []
        var methods: [String: UInt16] = [:]
        for _ in 0..<count {
            let descriptor = try connect(endpoint)
            descriptors.append(descriptor)
            let hello = try shakeHands(descriptor)
            guard Int(hello.maxInFlight) >= pipeline else {
                throw .usage(
                    "--pipeline \(pipeline): the service takes \(hello.maxInFlight) requests at once on a connection")
            }
            methods = Dictionary(
                hello.methods.map { ($0.name, UInt16(truncatingIfNeeded: $0.number)) }, uniquingKeysWith: { $1 })
        }
        return (descriptors, methods)
    }

    /// How long a service that restarts may be away.
    private static let patience: UInt64 = 10_000_000_000

    /// Another connection to a service that was there before, and may be starting again.
    static func again(_ endpoint: Endpoint, methods: [String: UInt16]) throws(CommandFailure) -> Int32 {
        let end = clinux_now() + patience
        while true {
            do throws(CommandFailure) {
                let (descriptors, now) = try articled(endpoint, count: 1, pipeline: 1)
                guard now == methods else {
                    for descriptor in descriptors { close(descriptor) }
                    throw .foreign("the service that is there now has other methods, or other numbers for them")
                }
                return descriptors[0]
            } catch {
                guard error.code == .unavailable, clinux_now() < end else { throw error }
                _ = poll(nil, 0, 20)
            }
        }
    }

    static func connect(_ endpoint: Endpoint) throws(CommandFailure) -> Int32 {
        do {
            return try BlockingConnection.open(endpoint)
        } catch {
            throw CommandFailure(error)
        }
    }

    private static func shakeHands(_ descriptor: Int32) throws(CommandFailure) -> ServerHello {
        let hello = ClientHello(
            protocolMin: ProtocolVersion.supported.lowerBound, protocolMax: ProtocolVersion.supported.upperBound,
            maxFrame: UInt32(Limits.maxFrame), streamWindow: UInt32(Limits.streamWindow),
            agent: "articlectl-bench/\(Version.text)"
        ).encoded()
        var frame = [UInt8](repeating: 0, count: FrameHeader.size) + hello
        let header = FrameHeader(
            payloadLength: UInt32(hello.count), kind: .hello, checksum: CRC32C.checksum(hello))
        unsafe frame.withUnsafeMutableBytes { unsafe header.encode(to: $0.baseAddress.unsafelyUnwrapped) }
        let sent = unsafe frame.withUnsafeBytes {
            unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent == frame.count else { throw .unavailable("the service closed the connection before the handshake") }
        let start = try receive(descriptor, FrameHeader.size)
        let answer = unsafe FrameHeader(decoding: start.span.bytes)
        guard let answer, answer.kind == .hello || answer.kind == .goAway, answer.payloadLength <= 1 << 20 else {
            throw .foreign("what listens there does not speak articled's protocol")
        }
        let payload = try receive(descriptor, Int(answer.payloadLength))
        if answer.kind == .goAway {
            throw .unavailable("the service refused the connection: \((try? Status(decoding: payload))?.message ?? "")")
        }
        guard let hello = try? ServerHello(decoding: payload) else {
            throw .foreign("the service's hello makes no sense")
        }
        return hello
    }

    private static func receive(_ descriptor: Int32, _ count: Int) throws(CommandFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var have = 0
        while have < count {
            let got = unsafe bytes.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress.unsafelyUnwrapped + have, count - have, 0)
            }
            guard got > 0 else {
                throw .unavailable("the service did not shake hands: it closed the connection, or is stuck")
            }
            have += got
        }
        return bytes
    }
}

extension CommandFailure {
    static func unavailable(_ message: String) -> CommandFailure { CommandFailure(.unavailable, message) }
    static func noInput(_ message: String) -> CommandFailure { CommandFailure(.noInput, message) }
    static func foreign(_ message: String) -> CommandFailure { CommandFailure(.protocol, message) }
}
