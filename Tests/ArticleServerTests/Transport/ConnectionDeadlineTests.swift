// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import LinuxRuntime
import Testing

@testable import ArticleServer

/// Peers that make no progress.
@Suite struct StallTests {
    private static let second: UInt64 = 1_000_000_000

    private static func limits(_ milliseconds: Int) -> ServiceLimits {
        var limits = ServiceLimits()
        limits.stallTimeoutMilliseconds = milliseconds
        return limits
    }

    private static func request(_ payload: Int) -> WireFrame {
        WireFrame(
            kind: .request, flags: .end, method: 1, stream: 1, payload: [UInt8](repeating: 7, count: payload))
    }

    /// Turns the loop until it has no connections, within a limit.
    private func turnUntilClosed(_ harness: ConnectionHarness, _ each: () -> Void = {}) -> Bool {
        let start = MonotonicClock.now
        while harness.loop.context.openConnections > 0 {
            guard MonotonicClock.elapsed(from: start, to: MonotonicClock.now) < 20 * Self.second else { return false }
            each()
            harness.loop.turn()
        }
        return true
    }

    @Test func aFrameThatIsNotGoneOnWith() throws {
        let harness = try ConnectionHarness(limits: Self.limits(200))
        _ = harness.send(Self.request(1 << 20).bytes.prefix(100_000))
        var bytes: [UInt8] = []
        #expect(turnUntilClosed(harness) { bytes += drain(harness.peer) })
        let last = try #require(try WireFrame.all(in: bytes + drain(harness.peer)).last)
        #expect(last.kind == .goAway)
        #expect(try last.status().code == StatusCode.deadlineExceeded.rawValue)
        #expect(harness.loop.context.bufferedBytes == 0)
    }

    /// A byte from time to time is not progress.
    @Test func aFrameThatTrickles() throws {
        let harness = try ConnectionHarness(limits: Self.limits(200))
        let bytes = Self.request(1 << 20).bytes
        var sent = 0
        #expect(
            turnUntilClosed(harness) {
                if case .bytes(let count) = harness.send(bytes[sent..<sent + 1]) { sent += count }
                _ = drain(harness.peer)
            })
    }

    @Test func answersThatAreNotRead() throws {
        let harness = try ConnectionHarness(limits: Self.limits(200))
        try harness.send([Self.request(60_000)])
        for _ in 0..<3 { harness.loop.turn() }
        #expect(harness.loop.context.bufferedBytes > 0)
        #expect(turnUntilClosed(harness))
        #expect(harness.loop.context.bufferedBytes == 0)
    }

    /// The current time-out applies, not the one at the time of the connection.
    @Test func aReloadChangesIt() throws {
        let harness = try ConnectionHarness(limits: Self.limits(3_600_000))
        try harness.send([Self.request(60_000)])
        for _ in 0..<3 { harness.loop.turn() }
        #expect(harness.loop.context.openConnections == 1)
        var configuration = ServerConfiguration()
        configuration.limits = Self.limits(100)
        harness.loop.apply(configuration)
        #expect(turnUntilClosed(harness))
    }

    @Test func withoutATimeOutNothingEnds() throws {
        var progress = PeerProgress()
        progress.start(at: 5)
        #expect(progress.deadline(within: 0) == nil)
        #expect(progress.deadline(within: 10) == 15)
    }

    @Test func progressStartsTheTimeAnew() {
        var progress = PeerProgress()
        #expect(progress.deadline(within: 10) == nil)
        progress.advance(by: 100, enough: 1, at: 3)
        #expect(progress.deadline(within: 10) == nil, "nothing is awaited")
        progress.start(at: 5)
        progress.start(at: 7)
        progress.advance(by: 60, enough: 100, at: 8)
        #expect(progress.deadline(within: 10) == 15, "too little")
        progress.advance(by: 60, enough: 100, at: 9)
        #expect(progress.deadline(within: 10) == 19)
        progress.stop()
        #expect(progress.deadline(within: 10) == nil)
    }
}
