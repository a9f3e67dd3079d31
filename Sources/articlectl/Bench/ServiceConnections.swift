// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import CLinux
import Glibc
import LinuxRuntime
import TLSTransport

/// A connected socket, and the TLS on it.
struct BenchConnection {
    let descriptor: Int32
    var tls: TLSSession?

    func receive(into base: UnsafeMutableRawPointer?, capacity: Int) -> StreamSocket.Transfer {
        if let tls { return unsafe tls.receive(into: base, capacity: capacity) }
        return unsafe StreamSocket.receive(descriptor, into: base, capacity: capacity)
    }

    func send(from base: UnsafeRawPointer?, count: Int) -> StreamSocket.Transfer {
        if let tls { return unsafe tls.send(from: base, count: count) }
        return unsafe StreamSocket.send(descriptor, from: base, count: count)
    }

    /// Bytes have come that the socket does not report.
    var hasUnread: Bool { tls?.hasUnread ?? false }
}

/// Connections to what is measured, made one after the other before anything is measured.
enum ServiceConnections {
    /// Connects, and shakes hands as articled wants it.
    static func articled(
        _ endpoint: Endpoint, count: Int, pipeline: Int
    ) throws(CommandFailure) -> (connections: [BenchConnection], methods: [String: UInt16]) {
        var connections: [BenchConnection] = []
        var methods: [String: UInt16] = [:]
        for _ in 0..<count {
            let connection = try connect(endpoint)
            connections.append(connection)
            let hello = try shakeHands(connection)
            guard Int(hello.maxInFlight) >= pipeline else {
                throw .usage(
                    "--pipeline \(pipeline): the service takes \(hello.maxInFlight) requests at once on a connection")
            }
            methods = Dictionary(
                hello.methods.map { ($0.name, UInt16(truncatingIfNeeded: $0.number)) }, uniquingKeysWith: { $1 })
        }
        return (connections, methods)
    }

    /// How long a service that restarts may be away.
    private static let patience: UInt64 = 10_000_000_000

    /// Another connection to a service that was there before, and may be starting again.
    static func again(_ endpoint: Endpoint, methods: [String: UInt16]) throws(CommandFailure) -> BenchConnection {
        let end = clinux_now() + patience
        while true {
            do throws(CommandFailure) {
                let (connections, now) = try articled(endpoint, count: 1, pipeline: 1)
                guard now == methods else {
                    for connection in connections { close(connection.descriptor) }
                    throw .foreign("the service that is there now has other methods, or other numbers for them")
                }
                return connections[0]
            } catch {
                guard error.code == .unavailable, clinux_now() < end else { throw error }
                _ = poll(nil, 0, 20)
            }
        }
    }

    /// One thread makes and uses all connections.
    private nonisolated(unsafe) static let scratch = TLSScratch()

    static func connect(_ endpoint: Endpoint) throws(CommandFailure) -> BenchConnection {
        do {
            let descriptor = try BlockingConnection.open(endpoint)
            return BenchConnection(
                descriptor: descriptor, tls: try unsafe BlockingConnection.secure(endpoint, descriptor, scratch))
        } catch {
            throw CommandFailure(error)
        }
    }

    private static func shakeHands(_ connection: BenchConnection) throws(CommandFailure) -> ServerHello {
        let hello = ClientHello(
            protocolMin: ProtocolVersion.supported.lowerBound, protocolMax: ProtocolVersion.supported.upperBound,
            maxFrame: UInt32(Limits.maxFrame), streamWindow: UInt32(Limits.streamWindow),
            agent: "articlectl-bench/\(Version.text)"
        ).encoded()
        var frame = [UInt8](repeating: 0, count: FrameHeader.size) + hello
        let header = FrameHeader(
            payloadLength: UInt32(hello.count), kind: .hello, checksum: CRC32C.checksum(hello))
        unsafe frame.withUnsafeMutableBytes { unsafe header.encode(to: $0.baseAddress.unsafelyUnwrapped) }
        let sent = unsafe frame.withUnsafeBytes { unsafe connection.send(from: $0.baseAddress, count: $0.count) }
        guard case .bytes(frame.count) = sent else {
            throw .unavailable("the service closed the connection before the handshake")
        }
        let start = try receive(connection, FrameHeader.size)
        let answer = unsafe FrameHeader(decoding: start.span.bytes)
        guard let answer, answer.kind == .hello || answer.kind == .goAway, answer.payloadLength <= 1 << 20 else {
            throw .foreign("what listens there does not speak articled's protocol")
        }
        let payload = try receive(connection, Int(answer.payloadLength))
        if answer.kind == .goAway {
            throw .unavailable("the service refused the connection: \((try? Status(decoding: payload))?.message ?? "")")
        }
        guard let hello = try? ServerHello(decoding: payload) else {
            throw .foreign("the service's hello makes no sense")
        }
        return hello
    }

    private static func receive(_ connection: BenchConnection, _ count: Int) throws(CommandFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var have = 0
        while have < count {
            let got = unsafe bytes.withUnsafeMutableBytes {
                unsafe connection.receive(into: $0.baseAddress.unsafelyUnwrapped + have, capacity: count - have)
            }
            guard case .bytes(let got) = got else {
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
