// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import LinuxRuntime
import TLSTransport
import TestCertificates
import Testing

@testable import ArticleServer

/// An event loop with TLS on a socket of loopback. The test makes it turn.
final class TLSHarness {
    static let authority = Result { try TestAuthority() }

    let listener: Listener
    let harness: LoopHarness
    var loop: EventLoop { harness.loop }
    let scratch = TLSScratch()

    init(
        _ clientCertificates: TLSContext.ClientCertificates = .ignored, limits: ServiceLimits = ServiceLimits(),
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        let authority = try Self.authority.get()
        let trust = clientCertificates == .ignored ? "" : ", trust: '\(authority.path("ca.pem"))'"
        let read = try Self.read(
            """
            { tls: { certificate: '\(authority.path("server.pem"))', key: '\(authority.path("server.key"))',
                clientCertificates: '\(clientCertificates.rawValue)'\(trust) } }
            """)
        listener = try Listener(binding: .ipv4([127, 0, 0, 1], port: 0))
        harness = try LoopHarness(listener, limits: limits) { configuration in
            configuration.tls = read.tls
            configure(&configuration)
        }
    }

    deinit {
        loop.stop()
        loop.run()
        listener.close()
    }

    static func read(_ json5: String) throws -> ServerConfiguration {
        try ServerConfiguration(json5: Array(json5.utf8), owner: 0)
    }

    func turn() { harness.turn() }

    var isStopped: Bool {
        if case .stopped = loop.phase { true } else { false }
    }

    /// How often handshakes ended so.
    func count(_ outcome: HandshakeOutcome) -> UInt64 { loop.counters.handshakes.value(at: outcome.index) }

    var tlsConnections: UInt64 { loop.counters.tlsConnections.value }

    /// Turns until the condition holds. Endless if it never does: the test has a time limit.
    func turn(until condition: () -> Bool) {
        while !condition() {
            turn()
            _ = poll(nil, 0, 1)
        }
    }
}

/// A client with TLS, which shares the loop's thread.
final class TLSClient {
    let plain: LoopClient
    let session: TLSSession
    private let harness: TLSHarness
    private var received: [UInt8] = []

    /// - Parameter identity: the files of its certificate, without ".pem".
    init(_ harness: TLSHarness, identity: String? = nil, host: String = "localhost") throws {
        self.harness = harness
        let authority = try TLSHarness.authority.get()
        let own = try identity.map { (try authority.bytes("\($0).pem"), try authority.bytes("\($0).key")) }
        let context = try TLSContext(identity: own, trust: try authority.bytes("ca.pem"))
        plain = try LoopClient(harness.listener, harness.harness)
        session = try #require(
            TLSSession(context, descriptor: plain.descriptor, scratch: harness.scratch, host: host))
    }

    /// Shakes hands as far as TLS is concerned.
    func handshake() -> TLSFailure? {
        while true {
            switch session.handshake() {
            case .done: return nil
            case .failed: return session.failure
            case .wantsRead, .wantsWrite: harness.turn()
            }
        }
    }

    /// Shakes hands, and returns the service's hello.
    func greet() throws -> ServerHello {
        try #require(handshake() == nil)
        send(WireFrame(kind: .hello, payload: SessionHarness.hello(window: 1 << 24, maxFrame: 1 << 24).encoded()))
        return try ServerHello(decoding: try frame().payload)
    }

    func send(_ frames: WireFrame...) { send(frames.flatMap(\.bytes)) }

    /// Sends all bytes, and turns the loop while the socket is full.
    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let transfer = unsafe rest.withUnsafeBytes { unsafe session.send(from: $0.baseAddress, count: $0.count) }
            switch transfer {
            case .bytes(let count): rest = rest.dropFirst(count)
            case .wouldBlock: harness.turn()
            case .ended, .failed: return
            }
        }
    }

    /// The next frame.
    func frame() throws -> WireFrame {
        while true {
            if received.count >= 16 {
                let header = try #require(unsafe FrameHeader(decoding: Array(received.prefix(16)).span.bytes))
                let size = 16 + Int(header.payloadLength)
                if received.count >= size {
                    let frame = try #require(try WireFrame.all(in: Array(received.prefix(size))).first)
                    received.removeFirst(size)
                    return frame
                }
            }
            switch read() {
            case .bytes: break
            case .wouldBlock: harness.turn()
            case .ended, .failed: throw Ended(failure: session.failure)
            }
        }
    }

    /// Reads once, at most `count` bytes.
    @discardableResult
    func read(_ count: Int = 65536) -> StreamSocket.Transfer {
        var bytes = [UInt8](repeating: 0, count: count)
        let transfer = unsafe bytes.withUnsafeMutableBytes {
            unsafe session.receive(into: $0.baseAddress, capacity: $0.count)
        }
        if case .bytes(let count) = transfer { received += bytes[..<count] }
        return transfer
    }

    struct Ended: Error {
        let failure: TLSFailure?
    }
}
