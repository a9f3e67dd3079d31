// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import ArticleServer

@Suite struct HandshakeTests {
    @Test func helloIsAnsweredWithMethodsAndLimits() throws {
        let harness = try SessionHarness(greeted: false)
        harness.receive(WireFrame(kind: .hello, payload: SessionHarness.hello().encoded()))
        let frame = try #require(try harness.sent().first)
        let hello = try ServerHello(decoding: frame.payload)
        #expect(hello.protocolVersion == 1)
        #expect(
            hello.methods.map(\.name) == [
                "test.echo", "test.keep", "test.stream", "test.write", "test.answers", "test.endless",
            ])
        #expect(hello.methods.map(\.number) == Array(1...6))
        #expect(hello.roles == SessionHarness.read)
        #expect(harness.session.isEstablished)
    }

    @Test(arguments: [
        WireFrame(kind: .request, flags: .end, method: 1, stream: 1), WireFrame(kind: .ping),
        WireFrame(kind: FrameKind(rawValue: 99)), WireFrame(kind: .goAway),
    ])
    func anythingElseFirstEndsTheConnection(_ frame: WireFrame) throws {
        let harness = try SessionHarness(greeted: false)
        harness.receive(frame)
        let answer = try #require(try harness.sent().first)
        #expect(answer.kind == .goAway)
        #expect(try answer.status().code == StatusCode.protocolError.rawValue)
        #expect(harness.session.isOver)
    }

    @Test func aVersionThatIsNotSpokenIsUnimplemented() throws {
        let harness = try SessionHarness(greeted: false)
        var hello = SessionHarness.hello()
        hello.protocolMin = 2
        hello.protocolMax = 7
        harness.receive(WireFrame(kind: .hello, payload: hello.encoded()))
        #expect(try harness.sent().first?.status().code == StatusCode.unimplemented.rawValue)
    }

    /// The values of a later version's client may have another meaning. It only learns that no version is shared.
    @Test(arguments: [
        (ClientHello(protocolMin: 2, protocolMax: 1, maxFrame: 65_536, streamWindow: 8), StatusCode.protocolError),
        (ClientHello(protocolMin: 1, protocolMax: 1, maxFrame: 8191, streamWindow: 8), .protocolError),
        (ClientHello(protocolMin: 1, protocolMax: 1, maxFrame: 65_536, streamWindow: 0), .protocolError),
        (ClientHello(protocolMin: 1, protocolMax: 1, maxFrame: 65_536, streamWindow: 1 << 31), .protocolError),
        (ClientHello(protocolMin: 2, protocolMax: 3, maxFrame: 0, streamWindow: 0), .unimplemented),
        (ClientHello(protocolMin: 3, protocolMax: 2, maxFrame: 0, streamWindow: 0), .protocolError),
    ])
    func aFaultyHelloEndsTheConnection(_ hello: ClientHello, _ code: StatusCode) throws {
        let harness = try SessionHarness(greeted: false)
        harness.receive(WireFrame(kind: .hello, payload: hello.encoded()))
        let answer = try #require(try harness.sent().first)
        #expect(answer.kind == .goAway)
        #expect(try answer.status().code == code.rawValue)
        #expect(harness.session.isOver)
    }

    @Test func aNewerClientIsAnsweredInTheVersionThatBothSpeak() throws {
        let harness = try SessionHarness(greeted: false)
        var hello = SessionHarness.hello()
        hello.protocolMax = 7
        harness.receive(WireFrame(kind: .hello, payload: hello.encoded()))
        let answer = try #require(try harness.sent().first)
        #expect(try ServerHello(decoding: answer.payload).protocolVersion == 1)
    }

    @Test func helloIsSmall() throws {
        let harness = try SessionHarness(greeted: false)
        // The header alone is enough to refuse it: no memory is held for what it announces.
        harness.receive(
            Array(
                WireFrame(kind: .hello, payload: Array(repeating: 0, count: Limits.helloPayload + 1)).bytes.prefix(16)))
        #expect(try harness.sent().first?.kind == .goAway)
    }

    @Test func aSecondHelloEndsTheConnection() throws {
        let harness = try SessionHarness()
        harness.receive(WireFrame(kind: .hello, payload: SessionHarness.hello().encoded()))
        #expect(try harness.sent().first?.status().code == StatusCode.protocolError.rawValue)
    }

    @Test func aWrongChecksumEndsTheConnection() throws {
        let harness = try SessionHarness()
        var bytes = WireFrame(kind: .ping, payload: [1, 2, 3]).bytes
        bytes[bytes.count - 1] ^= 1
        harness.receive(bytes)
        #expect(try harness.sent().first?.status().code == StatusCode.protocolError.rawValue)
    }

    @Test func unknownKindsAreSkipped() throws {
        let harness = try SessionHarness()
        harness.receive(
            WireFrame(
                kind: FrameKind(rawValue: 200), flags: FrameFlags(rawValue: 0xff), method: 9, stream: 9,
                payload: [1, 2]),
            WireFrame(kind: .ping, payload: [7]))
        #expect(try harness.sent() == [WireFrame(kind: .pong, payload: [7])])
    }
}

/// Requests behind others in a batch are prefetched once each, in order, before they are processed.
@Suite struct LookaheadTests {
    private static func batch(_ count: UInt32) -> [WireFrame] {
        (1...count).map { WireFrame(kind: .request, flags: .end, method: 1, stream: $0, payload: [UInt8($0), 9]) }
    }

    /// The streams that are prefetched at each step through the frames.
    private func told(_ bytes: [UInt8], steps: Int) -> [[UInt32]] {
        var lookahead = Lookahead()
        return (1...steps).map { step in
            var streams: [UInt32] = []
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe lookahead.move(to: step * 18, in: bytes) { header, payload in
                    streams.append(header.stream)
                    #expect(unsafe Array(payload) == [UInt8(header.stream), 9])
                }
            }
            return streams
        }
    }

    @Test func eachIsToldOfOnceInItsOrder() {
        let steps = told(Self.batch(12).flatMap(\.bytes), steps: 12)
        #expect(steps == [Array(2...9), [10], [11], [12]] + Array(repeating: [], count: 8))
    }

    @Test func oneByItselfIsToldOfToNobody() {
        #expect(told(Self.batch(1).flatMap(\.bytes), steps: 1) == [[]])
    }

    @Test func whatIsNotWholeIsNotToldOf() {
        let bytes = Self.batch(3).flatMap(\.bytes)
        for cut in 1...18 { #expect(told(bytes.dropLast(cut), steps: 1) == [[2]]) }
    }

    /// A wrong length is not followed.
    @Test func announcedLengthsAreNotBelieved() {
        var bytes = Self.batch(3).flatMap(\.bytes)
        bytes.replaceSubrange(18..<22, with: [0xff, 0xff, 0xff, 0xff])
        #expect(told(bytes, steps: 1) == [[]])
    }
}
