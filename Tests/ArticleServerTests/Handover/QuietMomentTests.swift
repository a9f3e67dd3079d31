// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Glibc
import Testing

@testable import ArticleServer

/// Loops rest before their connections are handed over, and serve again if there is no quiet moment.
@Suite final class RestTests {
    private let directory: TemporaryDirectory
    private let listener: Listener
    private let harness: LoopHarness
    private let roll: RollCall

    init() throws {
        directory = try TemporaryDirectory()
        listener = try Listener(binding: .unix("\(directory.path)/socket"))
        harness = try LoopHarness(listener)
        roll = try RollCall(loops: 1)
    }

    deinit { listener.close() }

    private func request(_ method: UInt16, stream: UInt32 = 1, _ payload: [UInt8] = [], flags: FrameFlags = .end)
        -> WireFrame
    {
        WireFrame(kind: .request, flags: flags, method: method, stream: stream, payload: payload)
    }

    private func rest() {
        let (loop, roll) = (harness.loop, roll)
        loop.inbox.add { loop.rest(roll) }
        loop.turn()
    }

    private func endRest() {
        let loop = harness.loop
        loop.inbox.add { loop.endRest() }
        loop.turn()
    }

    @Test func nothingIsReadWhileItRestsAndAllOfItThen() throws {
        let client = try LoopClient(listener, harness)
        _ = try client.greet(harness)
        #expect(roll.isQuiet == nil)
        rest()
        #expect(roll.isQuiet == true)
        client.send(request(1, [7]))
        let late = try LoopClient(listener, harness)
        harness.turn()
        #expect(try client.received().isEmpty)
        #expect(harness.loop.context.openConnections == 1, "nor is anybody let in")
        endRest()
        harness.turn()
        #expect(try client.received().map(\.payload) == [[7]])
        _ = try late.greet(harness)
        #expect(harness.loop.context.openConnections == 2)
    }

    @Test func whatIsInFlightIsNotQuietUntilItIsAnswered() throws {
        let client = try LoopClient(listener, harness)
        _ = try client.greet(harness)
        client.send(request(2))
        harness.turn()
        rest()
        #expect(roll.isQuiet == false)
        #expect(harness.script.respond([5]) == UInt32(ARTICLED_SENT))
        harness.turn()
        #expect(roll.isQuiet == true)
        harness.handOver()
        #expect(harness.loop.inTransit.count == 1)
        #expect(try client.received().map(\.payload) == [[5]])
    }

    /// A stream that only its client can end delays nothing. It gets GO_AWAY when the others are handed over.
    @Test func aStreamThatAwaitsItsClientIsQuiet() throws {
        let client = try LoopClient(listener, harness)
        _ = try client.greet(harness)
        client.send(request(3, flags: []))
        harness.turn()
        rest()
        #expect(roll.isQuiet == true)
        endRest()
        #expect(try client.received().isEmpty, "it was not told to go")
        rest()
        harness.handOver(streamsMilliseconds: 0)
        #expect(try client.received().map(\.kind) == [.goAway, .ping])
    }

    @Test func whatBeganLongAgoIsSlowButNoStream() throws {
        let client = try LoopClient(listener, harness)
        _ = try client.greet(harness)
        #expect(harness.loop.hasNothingSlow(since: .max))
        client.send(request(3, flags: []))
        harness.turn()
        #expect(harness.loop.hasNothingSlow(since: .max))
        client.send(request(2, stream: 2))
        harness.turn()
        #expect(!harness.loop.hasNothingSlow(since: .max))
        #expect(harness.loop.hasNothingSlow(since: 0))
        // Nobody waits for it, but its plugin still works on it.
        client.send(WireFrame(kind: .cancel, stream: 2))
        harness.turn()
        #expect(!harness.loop.hasNothingSlow(since: 0))
    }

    /// A connection without a handshake keeps its time-out for it.
    @Test func theHandshakesTimeGoesOn() throws {
        var limits = ServiceLimits()
        limits.helloTimeoutMilliseconds = 1
        let harness = try LoopHarness(listener, limits: limits)
        let (loop, roll) = (harness.loop, roll)
        let client = try LoopClient(listener, harness)
        loop.inbox.add { loop.rest(roll) }
        loop.turn()
        _ = poll(nil, 0, 20)  // the time-out has passed unchecked
        harness.turn()
        loop.inbox.add { loop.endRest() }
        loop.turn()
        _ = poll(nil, 0, 20)
        harness.turn()
        #expect(try client.received().map(\.kind) == [.goAway])
    }
}
