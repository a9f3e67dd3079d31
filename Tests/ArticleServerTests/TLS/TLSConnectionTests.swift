// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import LinuxRuntime
import TLSTransport
import TestCertificates
import Testing

@testable import ArticleServer

@Suite(.timeLimit(.minutes(5))) struct TLSConnectionTests {
    private static func request(_ payload: [UInt8], method: UInt16 = 1, stream: UInt32 = 1) -> WireFrame {
        WireFrame(kind: .request, flags: .end, method: method, stream: stream, payload: payload)
    }

    @Test func requestsAreAnswered() throws {
        let harness = try TLSHarness()
        let client = try TLSClient(harness)
        #expect(try client.greet().methods.count == 3)
        #expect(client.session.cipher.hasPrefix("TLSv1.3"))
        client.send(Self.request([1, 2, 3]))
        #expect(try client.frame().payload == [1, 2, 3])
        #expect(harness.count(.done) == 1)
        #expect(harness.tlsConnections == 1)
        client.session.endSending()
        harness.turn { harness.loop.connections.count == 0 }
        #expect(harness.tlsConnections == 0)
        #expect(harness.loop.context.bufferedBytes == 0)
    }

    /// Records and frames begin and end independently of each other.
    @Test(arguments: [1, 2, 7, 16, 4096, 16383, 16384, 16385])
    func bytesInAnyPieces(size: Int) throws {
        let harness = try TLSHarness()
        let client = try TLSClient(harness)
        _ = try client.greet()
        let payload = (0..<(size < 16 ? 40 : 100_000)).map { UInt8(truncatingIfNeeded: $0) }
        var rest = Self.request(payload).bytes[...]
        while !rest.isEmpty {
            client.send(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
            harness.turn()
        }
        #expect(try client.frame().payload == payload)
    }

    /// What is decrypted in a turn is more than the loop reads at once, and the socket does not report the rest.
    @Test func manyBytesAtOnce() throws {
        let harness = try TLSHarness()
        let client = try TLSClient(harness)
        _ = try client.greet()
        let payload = [UInt8](repeating: 7, count: 9 << 20)
        client.send(Self.request(payload))
        #expect(try client.frame().payload == payload)
        let small = (1...500).map { Self.request([UInt8](repeating: UInt8($0 & 255), count: 1000), stream: $0 + 1) }
        client.send(small.flatMap(\.bytes))
        for frame in small { #expect(try client.frame().payload == frame.payload) }
    }

    /// A client that does not read is held back, and then gets everything.
    @Test func aSlowReader() throws {
        let harness = try TLSHarness()
        let client = try TLSClient(harness)
        _ = try client.greet()
        let payload = [UInt8](repeating: 9, count: 300_000)
        for stream in 1...10 as ClosedRange<UInt32> {
            client.send(Self.request(payload, stream: stream))
            harness.turn()
        }
        for _ in 0..<50 { harness.turn() }
        for _ in 1...10 { #expect(try client.frame().payload == payload) }
        client.session.endSending()
        harness.turn { harness.loop.connections.count == 0 }
        #expect(harness.loop.context.bufferedBytes == 0)
    }

    @Test func theOwnerOfACertificateHasItsRoles() throws {
        let authority = try TLSHarness.authority.get()
        try authority.issue("service", alternatives: "URI:spiffe://example/service,email:Desk@Example.org")
        let names = ["dns:PORTAL", "sha256:\(try authority.fingerprint("editor"))", "uri:spiffe://example/service"]
        for (name, identity) in zip(names, ["portal", "editor", "service"]) {
            let read = try TLSHarness.read(
                """
                { tls: { certificate: '\(authority.path("server.pem"))', key: '\(authority.path("server.key"))',
                    clientCertificates: 'optional', trust: '\(authority.path("ca.pem"))' },
                  access: { read: { certificates: ['\(name)'] } } }
                """)
            let harness = try TLSHarness(.optional) { $0.access = read.access }
            #expect(try TLSClient(harness, identity: identity).greet().roles == AccessPolicy.read)
            #expect(try TLSClient(harness).greet().roles == 0)
            let other = identity == "portal" ? "editor" : "portal"
            let client = try TLSClient(harness, identity: other)
            #expect(try client.greet().roles == 0)
            client.send(Self.request([]))
            #expect(try client.frame().status().code == StatusCode.permissionDenied.rawValue)
        }
    }

    @Test func aCertificateIsRequired() throws {
        let harness = try TLSHarness(.required)
        let client = try TLSClient(harness)
        // In TLS 1.3 the client learns of it behind its handshake.
        #expect(client.handshake() == nil)
        let ended = #expect(throws: TLSClient.Ended.self) { try client.frame() }
        #expect(ended?.failure?.reason == .noCertificate)
        #expect(harness.count(.failed(.noCertificate)) == 1)
        #expect(try TLSClient(harness, identity: "portal").greet().roles == AccessPolicy.read | AccessPolicy.write)
    }

    @Test(arguments: [TLSFailure.Reason.expired, .notYetValid, .unknownAuthority])
    func badCertificatesOfClients(reason: TLSFailure.Reason) throws {
        let authority = try TLSHarness.authority.get()
        let name = HandshakeOutcome.failed(reason).label
        let validity: (from: String, to: String)? =
            switch reason {
            case .expired: ("20200101000000Z", "20210101000000Z")
            case .notYetValid: ("20700101000000Z", "20710101000000Z")
            default: nil
            }
        try authority.issue(
            name, alternatives: "DNS:portal", from: validity?.from, to: validity?.to, isSelfSigned: validity == nil)
        let harness = try TLSHarness(.optional)
        let client = try TLSClient(harness, identity: name)
        _ = client.handshake()
        #expect(throws: TLSClient.Ended.self) { try client.frame() }
        #expect(harness.count(.failed(reason)) == 1)
    }

    @Test func theClientChecksTheHost() throws {
        let harness = try TLSHarness()
        for host in ["localhost", "127.0.0.1", "::1"] {
            #expect(try TLSClient(harness, host: host).handshake() == nil)
        }
        for host in ["example.org", "10.0.0.1"] {
            let failure = try TLSClient(harness, host: host).handshake()
            #expect(failure?.reason == .wrongHost)
            #expect(failure?.names.contains("dns:localhost") == true)
        }
    }

    @Test func garbageInsteadOfAHandshake() throws {
        let harness = try TLSHarness()
        let inputs: [[UInt8]] = [
            Array("GET / HTTP/1.1\r\n\r\n".utf8), [0], [UInt8](repeating: 0xff, count: 70_000),
            [0x16, 3, 1, 0xff, 0xff] + [UInt8](repeating: 1, count: 70_000), [0x16, 3, 1, 0, 0],
            WireFrame(kind: .hello, payload: SessionHarness.hello().encoded()).bytes,
        ]
        let clients = try inputs.map { input in
            let client = try LoopClient(harness.listener, harness.harness)
            client.send(input)
            return client
        }
        for _ in 0..<10 { harness.turn() }
        #expect(try TLSClient(harness).greet().methods.count == 3)
        // The client that speaks our protocol, and does not know of TLS.
        let answer = try WireFrame.all(in: drain(try #require(clients.last).descriptor))
        #expect(try answer.first?.status().message.contains("tls:") == true)
        for client in clients {
            _ = drain(client.descriptor)
            _ = shutdown(client.descriptor, Int32(SHUT_WR))
        }
        harness.turn { harness.loop.connections.count <= 1 }
        #expect(harness.loop.context.admission.totals.handshakes.inUse == 0)
        #expect(harness.count(.failed(.notTLS)) >= 2)
    }

    @Test func olderVersionsAreRefused() throws {
        let harness = try TLSHarness()
        let client = try LoopClient(harness.listener, harness.harness)
        // A ClientHello of TLS 1.2 without extensions.
        let body: [UInt8] = [3, 3] + [UInt8](repeating: 5, count: 32) + [0, 0, 2, 0xc0, 0x2f, 1, 0]
        let message = [1, 0, 0, UInt8(body.count)] + body
        client.send([0x16, 3, 1, 0, UInt8(message.count)] + message)
        harness.turn { harness.count(.failed(.noCommonVersion)) == 1 }
        // protocol_version
        #expect(drain(client.descriptor).suffix(2) == [2, 70])
    }

    /// Half handshakes take their share of the places for handshakes, and no others.
    @Test func handshakesAreBounded() throws {
        var limits = ServiceLimits()
        limits.maxHandshakes = 8
        let harness = try TLSHarness(limits: limits)
        let established = try TLSClient(harness)
        _ = try established.greet()
        let half = try (0..<20).map { _ in try LoopClient(harness.listener, harness.harness) }
        for _ in 0..<5 { harness.turn() }
        #expect(harness.count(.limit) > 0)
        #expect(harness.loop.context.admission.totals.handshakes.inUse <= 8)
        established.send(Self.request([4]))
        #expect(try established.frame().payload == [4])
        #expect(!half.isEmpty)
    }

    @Test func aHandshakeMustEnd() throws {
        var limits = ServiceLimits()
        limits.handshakeTimeoutMilliseconds = 100
        let harness = try TLSHarness(limits: limits)
        let client = try LoopClient(harness.listener, harness.harness)
        client.send([0x16, 3, 1])
        harness.turn { harness.count(.timeout) == 1 }
        #expect(harness.loop.context.admission.totals.handshakes.inUse == 0)
        // The one that shook hands has its own time for the HELLO.
        _ = try TLSClient(harness).greet()
    }

    /// A peer that begins a record and does not end it holds memory.
    @Test func aRecordMustEnd() throws {
        var limits = ServiceLimits()
        limits.stallTimeoutMilliseconds = 100
        let harness = try TLSHarness(limits: limits)
        let client = try TLSClient(harness)
        _ = try client.greet()
        client.plain.send([0x17, 3, 3, 0x40, 0, 1, 2, 3])
        #expect(try client.frame().status().code == StatusCode.deadlineExceeded.rawValue)
    }

    @Test func aBrokenRecordEndsTheConnection() throws {
        let harness = try TLSHarness()
        let client = try TLSClient(harness)
        _ = try client.greet()
        client.plain.send([0x17, 3, 3, 0, 20] + [UInt8](repeating: 1, count: 20))
        harness.turn { harness.loop.connections.count == 0 }
        #expect(harness.loop.context.bufferedBytes == 0)
    }

    @Test func aStopSaysGoAway() throws {
        let harness = try TLSHarness()
        let client = try TLSClient(harness)
        _ = try client.greet()
        let half = try LoopClient(harness.listener, harness.harness)
        harness.loop.drain(until: MonotonicClock.now + 60_000_000_000)
        #expect(try client.frame().kind == .goAway)
        #expect(half.isClosed)
    }

    /// The keys stay in the process, so the client is told to connect again.
    @Test func aHandoverSaysGoAway() throws {
        let harness = try TLSHarness()
        let client = try TLSClient(harness)
        _ = try client.greet()
        harness.harness.handOver()
        #expect(try client.frame().kind == .goAway)
        #expect(harness.loop.inTransit.isEmpty)
    }

    /// A request that takes longer than streams may is answered before the process ends.
    @Test func aHandoverWaitsForRequests() throws {
        let harness = try TLSHarness()
        let client = try TLSClient(harness)
        _ = try client.greet()
        client.send(Self.request([1], method: 2))
        harness.turn { unsafe !harness.harness.script.kept.isEmpty }
        harness.harness.handOver(streamsMilliseconds: 0)
        #expect(try client.frame().kind == .goAway)
        #expect(try client.frame().kind == .ping)
        client.send(WireFrame(kind: .pong))
        #expect(!harness.isStopped)
        #expect(harness.harness.script.respond([2]) == 0)
        #expect(try client.frame().payload == [2])
        harness.turn { harness.isStopped }
    }

    @Test func aReloadChangesTheCertificate() throws {
        let harness = try TLSHarness()
        let before = try TLSClient(harness)
        _ = try before.greet()
        let authority = try TLSHarness.authority.get()
        try authority.issue("other", alternatives: "DNS:other.example")
        var configuration = harness.loop.configuration
        configuration.tls = try TLSHarness.read(
            "{ tls: { certificate: '\(authority.path("other.pem"))', key: '\(authority.path("other.key"))' } }"
        ).tls
        harness.loop.apply(configuration)
        #expect(try TLSClient(harness, host: "other.example").handshake() == nil)
        #expect(try TLSClient(harness, host: "localhost").handshake()?.reason == .wrongHost)
        before.send(Self.request([6]))
        #expect(try before.frame().payload == [6])
    }
}
