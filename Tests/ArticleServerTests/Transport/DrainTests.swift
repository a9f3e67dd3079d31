// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime
import Testing

@testable import ArticleServer

/// Connections that are told to go away. No request may be lost without a word.
@Suite struct DrainTests {
    private static func request(_ method: UInt16, stream: UInt32) -> WireFrame {
        WireFrame(kind: .request, flags: .end, method: method, stream: stream)
    }

    private static let future = UInt64.max / 2

    @Test func aRequestThatCrossesGoAwayIsRefused() throws {
        let harness = try ConnectionHarness()
        // The loop has not read it when it begins to drain.
        try harness.send([Self.request(1, stream: 1)])
        harness.loop.drain(until: Self.future)
        #expect(harness.loop.context.openConnections == 1)
        let frames = try harness.receive()
        #expect(frames.map(\.kind) == [.goAway, .ping, .error])
        #expect(try frames.last?.status().code == StatusCode.unavailable.rawValue)
        // One more from before the client saw GO_AWAY; then it answers.
        try harness.send([Self.request(1, stream: 2), WireFrame(kind: .pong)])
        #expect(try harness.receive(turns: 1).map(\.kind) == [.error])
        #expect(harness.loop.context.openConnections == 0)
    }

    @Test func requestsInFlightAreAnsweredBehindThePong() throws {
        let harness = try ConnectionHarness()
        try harness.send([Self.request(2, stream: 1)])
        #expect(try harness.receive().isEmpty)
        harness.loop.drain(until: Self.future)
        try harness.send([WireFrame(kind: .pong)])
        #expect(try harness.receive().map(\.kind) == [.goAway, .ping])
        #expect(harness.loop.context.openConnections == 1)
        _ = harness.script.respond([1])
        #expect(try harness.receive(turns: 1).map(\.kind) == [.message])
        #expect(harness.loop.context.openConnections == 0)
    }

    /// Clients that know no PING, or are stuck, hold nothing up for long.
    @Test(.timeLimit(.minutes(1))) func aClientWithoutAnAnswerIsClosed() throws {
        let harness = try ConnectionHarness()
        harness.loop.drain(until: Self.future)
        while harness.loop.context.openConnections > 0 { harness.loop.turn() }
        #expect(try WireFrame.all(in: drain(harness.peer)).map(\.kind) == [.goAway, .ping])
    }

    @Test func aClientThatGoesItselfIsNotAwaited() throws {
        let harness = try ConnectionHarness()
        harness.loop.drain(until: Self.future)
        try harness.send([WireFrame(kind: .goAway, payload: Status(code: 0, message: "").encoded())])
        _ = try harness.receive()
        #expect(harness.loop.context.openConnections == 0)
    }

    /// A request may cross the GO_AWAY of an idle connection, too.
    @Test(.timeLimit(.minutes(1))) func aRequestToAnIdleConnectionIsRefused() throws {
        var limits = ServiceLimits()
        limits.idleTimeoutMilliseconds = 50
        let harness = try ConnectionHarness(limits: limits)
        var frames: [WireFrame] = []
        while frames.isEmpty { frames = try harness.receive(turns: 1) }
        #expect(frames.map(\.kind) == [.goAway, .ping])
        try harness.send([Self.request(1, stream: 1), WireFrame(kind: .pong)])
        #expect(try harness.receive(turns: 1).map(\.kind) == [.error])
        #expect(harness.loop.context.openConnections == 0)
    }
}
