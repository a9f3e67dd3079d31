// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import ArticleClient

/// The state machine alone, without a socket: what the service may send, and what each violation is.
@Suite struct ConnectionStateTests {
    static func header(
        _ kind: FrameKind, _ payload: [UInt8] = [], flags: FrameFlags = [], stream: UInt32 = 0
    ) -> FrameHeader {
        FrameHeader(
            payloadLength: UInt32(payload.count), kind: kind, flags: flags, stream: stream,
            checksum: CRC32C.checksum(payload))
    }

    /// After the handshake, with streams 1 (one message) and 2 (streamed both ways) open.
    static func open(_ state: Machine, inFlight: UInt32 = 8, window: UInt32 = 100) throws {
        let hello = ServerHello(protocolVersion: 1, maxFrame: 2048, streamWindow: window, maxInFlight: inFlight)
        #expect(try receive(state, .hello, hello.encoded()) == .opened(hello))
        #expect(state.open(sending: false, streamsResponse: false) == 1)
        #expect(state.open(sending: true, streamsResponse: true) == 2)
    }

    static func receive(
        _ state: Machine, _ kind: FrameKind, _ payload: [UInt8] = [], flags: FrameFlags = [],
        stream: UInt32 = 0
    ) throws -> ReceivedAction {
        let header = header(kind, payload, flags: flags, stream: stream)
        return try state.receive(header, payload)
    }

    @Test func nothingIsOpenBeforeTheHello() throws {
        let state = Machine()
        #expect(!state.hasRoom)
        #expect(state.open(sending: false, streamsResponse: false) == nil)
        #expect(throws: ProtocolFault.self) { try Self.receive(state, .message, stream: 1) }
    }

    @Test func aStreamNumberIsFreeAfterTheLastFrameAndNotBefore() throws {
        let state = Machine()
        try Self.open(state)
        #expect(state.cancel(1))
        #expect(!state.cancel(1))
        #expect(state.open(sending: false, streamsResponse: false) == 3)
        #expect(try Self.receive(state, .message, [1], flags: .end, stream: 1) == .released(stream: 1))
        #expect(state.open(sending: false, streamsResponse: false) == 1)
        #expect(try Self.receive(state, .error, stream: 3) == .failed(stream: 3, Status()))
        #expect(state.inFlight == 2)
    }

    @Test func theServicesLimitHolds() throws {
        let state = Machine()
        try Self.open(state, inFlight: 2)
        #expect(!state.hasRoom)
        #expect(state.open(sending: false, streamsResponse: false) == nil)
    }

    @Test func afterGoAwayNothingIsOpened() throws {
        let state = Machine()
        try Self.open(state)
        let status = Status(code: 14, message: "bye")
        #expect(try Self.receive(state, .goAway, status.encoded()) == .goAway(status))
        #expect(!state.hasRoom)
        #expect(try Self.receive(state, .message, [1], flags: .end, stream: 1) == .message(stream: 1, last: true))
    }

    @Test func sendingTakesCreditAndMayOverdrawItOnce() throws {
        let state = Machine()
        try Self.open(state)
        #expect(!state.maySend(on: 1))
        state.sent(84, last: false, on: 2)
        #expect(!state.maySend(on: 2))
        #expect(try Self.receive(state, .credit, Credit(bytes: 1).encoded(), stream: 2) == .credit(stream: 2))
        #expect(state.maySend(on: 2))
        state.sent(500, last: true, on: 2)
        #expect(!state.maySend(on: 2))
        // The grant and our last message crossed.
        #expect(try Self.receive(state, .credit, Credit(bytes: 9).encoded(), stream: 2) == .none)
    }

    @Test func receivingTakesCreditAndMayOverdrawItOnce() throws {
        let state = Machine()
        try Self.open(state)
        let message = [UInt8](repeating: 0, count: 200)
        #expect(try Self.receive(state, .message, message, stream: 2) == .message(stream: 2, last: false))
        #expect(throws: ProtocolFault.self) { try Self.receive(state, .message, message, stream: 2) }
        #expect(state.grant(300, on: 2))
        #expect(try Self.receive(state, .message, message, stream: 2) == .message(stream: 2, last: false))
        #expect(try Self.receive(state, .end, stream: 2) == .ended(stream: 2))
        #expect(!state.grant(300, on: 2))
    }

    @Test func aDamagedMessageEndsOnlyItsStream() throws {
        let state = Machine()
        try Self.open(state)
        var header = Self.header(.message, [1], stream: 2)
        header.checksum ^= 1
        let payload: [UInt8] = [1]
        #expect(try state.receive(header, payload) == .damaged(stream: 2, last: false))
        #expect(try Self.receive(state, .error, stream: 2) == .released(stream: 2))
        #expect(try Self.receive(state, .message, [1], flags: .end, stream: 1) == .message(stream: 1, last: true))
    }

    @Test func anUnknownKindIsSkipped() throws {
        let state = Machine()
        try Self.open(state)
        #expect(
            try Self.receive(state, FrameKind(rawValue: 77), [1, 2, 3], flags: FrameFlags(rawValue: 0xf0)) == .none)
    }

    struct Violation: CustomTestStringConvertible {
        var testDescription: String
        var kind: FrameKind
        var payload: [UInt8] = []
        var flags: FrameFlags = []
        var stream: UInt32 = 0
    }

    static let violations = [
        Violation(testDescription: "second hello", kind: .hello, payload: ServerHello(protocolVersion: 1).encoded()),
        Violation(testDescription: "too large", kind: .message, payload: [UInt8](repeating: 0, count: 1001), stream: 1),
        Violation(testDescription: "unknown flag", kind: .message, flags: FrameFlags(rawValue: 4), stream: 1),
        Violation(testDescription: "flag on another kind", kind: .error, flags: .end, stream: 1),
        Violation(testDescription: "message on stream 0", kind: .message, flags: .end),
        Violation(testDescription: "message on a stream never opened", kind: .message, flags: .end, stream: 3),
        Violation(testDescription: "message on a stream far away", kind: .message, flags: .end, stream: .max),
        Violation(testDescription: "two messages for one", kind: .message, stream: 1),
        Violation(testDescription: "no message for one", kind: .end, stream: 1),
        Violation(testDescription: "end with a payload", kind: .end, payload: [1], stream: 2),
        Violation(testDescription: "error on stream 0", kind: .error),
        Violation(testDescription: "credit on stream 0", kind: .credit, payload: Credit(bytes: 1).encoded()),
        Violation(testDescription: "credit of nonsense", kind: .credit, payload: [0xff], stream: 2),
        Violation(testDescription: "long ping", kind: .ping, payload: [UInt8](repeating: 0, count: 65)),
        Violation(testDescription: "request", kind: .request, stream: 1),
        Violation(testDescription: "cancel", kind: .cancel, stream: 1),
    ]

    @Test(arguments: violations) func aViolationIsReported(_ violation: Violation) throws {
        let state = Machine()
        try Self.open(state)
        #expect(throws: ProtocolFault.self) {
            try Self.receive(
                state, violation.kind, violation.payload, flags: violation.flags, stream: violation.stream)
        }
    }

    @Test func creditDoesNotOverflow() throws {
        let state = Machine()
        try Self.open(state)
        let most = Credit(bytes: .max).encoded()
        #expect(throws: ProtocolFault.self) {
            for _ in 0..<10 { _ = try Self.receive(state, .credit, most, stream: 2) }
        }
    }

    @Test func anotherVersionIsRefused() throws {
        let state = Machine()
        let hello = ServerHello(protocolVersion: 2, maxFrame: 2048, streamWindow: 1, maxInFlight: 1).encoded()
        #expect(throws: ProtocolFault.self) { try Self.receive(state, .hello, hello) }
    }
}
