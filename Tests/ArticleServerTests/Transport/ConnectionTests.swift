// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Glibc
import LinuxRuntime
import Testing

@testable import ArticleServer

/// Connections whose peer does not read for a while. No request may be forgotten.
@Suite struct ConnectionTests {
    /// Requests for echoes of 1 KiB, together more than a connection buffers for a peer that does not read.
    private static let many = (1...240).map { request(1, stream: $0, [UInt8](repeating: 7, count: 1024)) }

    private static func request(_ method: UInt16, stream: UInt32, _ payload: [UInt8] = [], flags: FrameFlags = .end)
        -> WireFrame
    {
        WireFrame(kind: .request, flags: flags, method: method, stream: stream, payload: payload)
    }

    /// A peer that reads nothing until a write finds no room, and has read everything before the next write of the same
    /// turn.
    private final class ReadInBetween: OutgoingBuffer {
        private let peer: Int32
        private var foundNoRoom = false
        private(set) var timesRead = 0
        var read: [UInt8] = []

        init(_ pool: BufferPool, _ peer: Int32) {
            self.peer = peer
            super.init(pool: pool)
        }

        override func write(to descriptor: Int32) -> Int? {
            guard var written = super.write(to: descriptor) else { return nil }
            defer { foundNoRoom = written == 0 }
            guard foundNoRoom else { return written }
            while !isEmpty {
                read += drain(peer)
                timesRead += 1
                guard let more = super.write(to: descriptor) else { return nil }
                written += more
            }
            return written
        }
    }

    /// Frames are held back because the peer does not read. It reads before the turn ends and sends nothing more, so no
    /// event reports that the frames can continue.
    @Test func aPeerThatReadsInTheMiddleOfATurnIsAnsweredToTheEnd() throws {
        var outgoing: ReadInBetween?
        let harness = try ConnectionHarness { pool, peer in
            let buffer = ReadInBetween(pool, peer)
            outgoing = buffer
            return buffer
        }
        try harness.send(Self.many)
        let buffer = try #require(outgoing)
        for _ in 0..<20 {
            harness.loop.turn()
            buffer.read += drain(harness.peer)
        }
        try #require(buffer.timesRead > 0)
        #expect(try WireFrame.all(in: buffer.read).map(\.stream) == Self.many.map(\.stream))
    }

    @Test func aPeerThatReadsLaterIsAnsweredToTheEnd() throws {
        let harness = try ConnectionHarness()
        try harness.send(Self.many)
        for _ in 0..<5 { harness.loop.turn() }
        #expect(harness.loop.context.bufferedBytes > 0)
        #expect(try harness.receive().map(\.stream) == Self.many.map(\.stream))
        #expect(harness.loop.context.bufferedBytes == 0)
    }

    /// The end of a stream is among the frames that were held back when the peer's input ended.
    @Test func aStreamThatEndedInTimeIsNotCancelled() throws {
        let harness = try ConnectionHarness()
        try harness.send(
            [Self.request(3, stream: 1000, flags: [])] + Self.many + [WireFrame(kind: .end, stream: 1000)])
        harness.endInput()
        for _ in 0..<5 { harness.loop.turn() }
        let answers = try harness.receive()
        #expect(answers.map(\.stream) == Self.many.map(\.stream))
        #expect(harness.script.ends == 1)
        #expect(harness.script.cancellations.isEmpty)
        #expect(harness.script.finish() == UInt32(ARTICLED_SENT))
        #expect(try harness.receive().map(\.kind) == [.end])
    }

    /// A stream that a held-back frame opens is cancelled like any other that the peer never ended.
    @Test func aStreamThatCanNeverEndIsCancelled() throws {
        let harness = try ConnectionHarness()
        try harness.send(Self.many + [Self.request(3, stream: 1000, flags: [])])
        harness.endInput()
        for _ in 0..<5 { harness.loop.turn() }
        let last = try #require(try harness.receive().last)
        #expect(last.stream == 1000 && last.kind == .error)
        #expect(harness.script.cancellations == [UInt32(ARTICLED_CANCELLED)])
        _ = harness.script.fail(ARTICLED_CANCELLED)
    }

    /// Its peer cannot cancel it any more, and nobody else would.
    @Test func aStreamWithoutAnEndIsCancelled() throws {
        let harness = try ConnectionHarness()
        try harness.send([Self.request(6, stream: 7)])
        harness.endInput()
        for _ in 0..<5 { harness.loop.turn() }
        let last = try #require(try harness.receive().last)
        #expect(last.stream == 7 && last.kind == .error)
        #expect(harness.script.cancellations == [UInt32(ARTICLED_CANCELLED)])
        _ = harness.script.fail(ARTICLED_CANCELLED)
    }

    /// An answer that comes at the end of a turn, as from a plugin that another connection unblocks, leaves in the next
    /// turn, which does not wait for an event.
    @Test func anAnswerAfterTheTurnDoesNotWaitForAnEvent() throws {
        let harness = try ConnectionHarness(beat: 60_000_000_000)
        try harness.send([Self.request(2, stream: 2)])
        harness.loop.turn()
        let start = MonotonicClock.now
        #expect(harness.script.respond([9]) == UInt32(ARTICLED_SENT))
        #expect(try harness.receive(turns: 1).map(\.payload) == [[9]])
        #expect(MonotonicClock.now - start < 5_000_000_000)
    }

    /// Large incomplete frames hold no more memory than all connections together may.
    @Test func aLargeFrameFindsNoRoomWhenTheServiceIsFull() throws {
        var limits = ServiceLimits()
        limits.maxBufferedTotal = 1 << 20
        let harness = try ConnectionHarness(limits: limits)
        let frame = Self.request(1, stream: 1, [UInt8](repeating: 0, count: 8 << 20)).bytes
        var sent = 0
        while sent < 4 << 20, case .bytes(let count) = harness.send(frame[sent..<(sent + 65536)]) {
            sent += count
            harness.loop.turn()
        }
        #expect(try harness.receive().map { try $0.status().code } == [StatusCode.resourceExhausted.rawValue])
        #expect(harness.loop.context.bufferedBytes == 0)
    }

    /// The socket takes only a part of an answer.
    @Test func anAnswerThatTheSocketTakesInPartIsWhole() throws {
        let harness = try ConnectionHarness()
        let payload = (0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        try harness.send([Self.request(1, stream: 1, payload)])
        for _ in 0..<3 { harness.loop.turn() }
        #expect(harness.loop.context.bufferedBytes > 0)
        let answers = try harness.receive()
        #expect(answers.map(\.payload) == [payload])
        #expect(harness.loop.context.bufferedBytes == 0)
    }

    /// Several connections are read before the first is served. Each gets its own answers, whether its requests fit in
    /// the read-ahead or not, and also the answers to later requests.
    @Test(arguments: [1, 1024, aheadPayload - 1, aheadPayload, aheadPayload + 1, aheadPayload + 6000])
    func connectionsThatAreReadAheadKeepApart(size: Int) throws {
        let harness = try ConnectionHarness()
        // More than one group.
        let peers = try (0..<BufferPool.aheadCount + 2).map { _ in try harness.another() }
        defer { for peer in peers { Descriptor.close(peer) } }
        func payload(_ index: Int, _ number: Int) -> [UInt8] {
            [UInt8](repeating: UInt8(index * 4 + number), count: number == 1 ? size : 100)
        }
        for round in 0..<3 {
            for (index, peer) in peers.enumerated() {
                for number in 1...3 {
                    try deliver(Self.request(1, stream: UInt32(3 * round + number), payload(index, number)), to: peer)
                }
            }
            if round == 2 { StreamSocket.endSending(peers[4]) }
            for _ in 0..<3 { harness.loop.turn() }
            for (index, peer) in peers.enumerated() {
                let answers = try WireFrame.all(in: drain(peer))
                #expect(answers.map(\.payload) == (1...3).map { payload(index, $0) })
            }
        }
    }

    /// The answers to several connections leave when all of them are served.
    @Test func answersOfATurnLeaveTogether() throws {
        let harness = try ConnectionHarness()
        let peers = try (0..<4).map { _ in try harness.another() }
        defer { for peer in peers { Descriptor.close(peer) } }
        harness.loop.batchTime = .max
        var early = 0
        harness.script.beforeHandling = { for peer in peers { early += drain(peer).count } }
        for peer in peers { try deliver(Self.request(1, stream: 1, [5]), to: peer) }
        harness.loop.turn()
        #expect(early == 0)
        for peer in peers { #expect(try WireFrame.all(in: drain(peer)).map(\.payload) == [[5]]) }
    }

    /// If that takes long, the first answers do not wait for the last. This also holds for requests that the plugin
    /// keeps.
    @Test(arguments: [1, 2]) func answersDoNotWaitForWhatTakesLong(method: UInt16) throws {
        let harness = try ConnectionHarness()
        let peers = try (0..<4).map { _ in try harness.another() }
        defer { for peer in peers { Descriptor.close(peer) } }
        harness.loop.batchTime = 1_000_000
        var isAnswered: [Bool] = []
        harness.script.beforeHandling = {
            isAnswered.append(hasInput(peers[0]))
            if isAnswered.count > 1 { usleep(2000) }
        }
        // The handshakes are done, so the connections are served in this order.
        harness.loop.turn()
        for peer in peers { try deliver(Self.request(peer == peers[0] ? 1 : method, stream: 1, [5]), to: peer) }
        harness.loop.turn()
        #expect(isAnswered.count == 4 && isAnswered[2] && isAnswered[3])
    }

    /// The size of a request that fills the read-ahead.
    private static let aheadPayload = BufferPool.aheadSize - FrameHeader.size

    /// A client that grants credit message by message and waits for its writes. If the service did not read from it
    /// while it has much to read, both would wait for ever.
    @Test func creditIsTakenFromAPeerThatHasMuchToRead() throws {
        let harness = try ConnectionHarness()
        try harness.send([Self.request(2, stream: 1)])
        harness.loop.turn()
        for number in 0..<200 {
            let payload = [UInt8](repeating: UInt8(number), count: 1024)
            try #require(harness.script.send(payload) == UInt32(ARTICLED_SENT))
        }
        let credit = WireFrame(kind: .credit, stream: 1, payload: Credit(bytes: 1).encoded())
        let many = [WireFrame](repeating: credit, count: 5000)
        // Together much more than the socket holds.
        for _ in 0..<40 {
            try harness.send(many)
            for _ in 0..<3 { harness.loop.turn() }
        }
        #expect(try harness.receive(turns: 40).count == 200)
    }

    /// Frames that are answered must wait.
    @Test func requestsWaitUntilThePeerReads() throws {
        let harness = try ConnectionHarness()
        try harness.send([Self.request(2, stream: 1)])
        harness.loop.turn()
        for _ in 0..<200 {
            try #require(harness.script.send([UInt8](repeating: 1, count: 1024)) == UInt32(ARTICLED_SENT))
        }
        try harness.send([WireFrame(kind: .ping, payload: [1]), Self.request(1, stream: 2, [7])])
        for _ in 0..<3 { harness.loop.turn() }
        #expect(harness.loop.counters.opened.value == 1)
        let kinds = try harness.receive(turns: 40).suffix(2).map(\.kind)
        #expect(kinds == [.pong, .message])
    }

    /// An answer that needs more credit cannot get it from a client that sends no more. The answer and the connection
    /// end.
    @Test func anAnswerThatCanGetNoCreditEnds() throws {
        let harness = try ConnectionHarness(window: 2000)
        try harness.send([Self.request(2, stream: 1)])
        harness.endInput()
        for _ in 0..<3 { harness.loop.turn() }
        let payload = [UInt8](repeating: 1, count: 1024)
        #expect(harness.script.send(payload) == UInt32(ARTICLED_SENT))
        #expect(harness.script.send(payload) == UInt32(ARTICLED_SENT))
        #expect(harness.script.send(payload) == UInt32(ARTICLED_GONE))
        let last = try #require(try harness.receive().last)
        #expect(last.kind == .error)
        #expect(try Status(decoding: last.payload).code == StatusCode.cancelled.rawValue)
    }
}
