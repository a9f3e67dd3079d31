// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Glibc
import Testing

@testable import ArticleServer

/// Handing connections over from one event loop to another, as between two processes.
@Suite final class HandoverTests {
    private let directory: TemporaryDirectory
    private let listener: Listener
    private let before: LoopHarness

    init() throws {
        directory = try TemporaryDirectory()
        listener = try Listener(binding: .unix("\(directory.path)/socket"))
        before = try LoopHarness(listener)
    }

    deinit { listener.close() }

    private static func request(_ method: UInt16, stream: UInt32 = 1, _ payload: [UInt8] = [], flags: FrameFlags = .end)
        -> WireFrame
    {
        WireFrame(kind: .request, flags: flags, method: method, stream: stream, payload: payload)
    }

    /// Hands the connections of one loop to another, through their encoded form.
    private func takeOver(_ harness: LoopHarness) throws {
        for transit in before.loop.inTransit {
            let record = try HandoverConnection(decoding: transit.record.encoded())
            let table = transit.record.table ?? MethodTable(before.loop.context.router.descriptions)
            let methods = ClientMethods(table, harness.loop.context.router)
            harness.loop.takeOver(ConnectionInTransit(socket: transit.socket, record: record), methods)
        }
        harness.turn()
    }

    @Test func anIdleConnectionGoesOn() throws {
        let client = try LoopClient(listener, before)
        _ = try client.greet(before)
        before.handOver()
        #expect(before.loop.inTransit.count == 1)
        #expect(before.loop.context.openConnections == 0)
        let after = try LoopHarness(listener)
        try takeOver(after)
        #expect(after.loop.context.openConnections == 1)
        client.send(Self.request(1, [5]))
        after.turn()
        #expect(try client.received() == [WireFrame(kind: .message, flags: .end, stream: 1, payload: [5])])
    }

    @Test func whatIsInFlightIsAnsweredBefore() throws {
        let client = try LoopClient(listener, before)
        _ = try client.greet(before)
        client.send(Self.request(2))
        before.turn()
        before.handOver()
        #expect(before.loop.inTransit.isEmpty)
        // Sent after the pause has begun. The next process reads it.
        client.send(Self.request(1, stream: 2, [6]))
        before.turn()
        #expect(try client.received().isEmpty)
        #expect(before.script.respond([5]) == UInt32(ARTICLED_SENT))
        before.turn()
        #expect(before.loop.inTransit.count == 1)
        #expect(try client.received().map(\.payload) == [[5]])
        let after = try LoopHarness(listener)
        try takeOver(after)
        after.turn()
        #expect(try client.received().map(\.payload) == [[6]])
    }

    /// The process may end after any byte of a hello, a ping and a request.
    @Test func framesMayBeSplitAnywhere() throws {
        let bytes =
            WireFrame(kind: .hello, payload: SessionHarness.hello().encoded()).bytes + WireFrame(kind: .ping).bytes
            + Self.request(1, [5]).bytes
        for split in 0...bytes.count {
            let before = try LoopHarness(listener)
            let client = try LoopClient(listener, before)
            client.send(Array(bytes[..<split]))
            before.turn()
            before.handOver()
            let transit = try #require(before.loop.inTransit.first)
            let after = try LoopHarness(listener)
            after.loop.takeOver(transit, nil)
            client.send(Array(bytes[split...]))
            after.turn()
            #expect(try client.received().map(\.kind) == [.hello, .pong, .message], "split at \(split)")
        }
    }

    /// The peer does not read. The rest of the answer is handed over.
    @Test func unsentBytesTravelAlong() throws {
        let client = try LoopClient(listener, before)
        _ = try client.greet(before)
        let long = [UInt8](repeating: 7, count: 60_000)
        // More than a socket buffers, and one request that is therefore not answered.
        for stream in UInt32(1)...8 {
            client.send(Self.request(1, stream: stream, long))
            before.turn()
        }
        before.handOver()
        let transit = try #require(before.loop.inTransit.first)
        #expect(transit.record.outgoing.count > 0)
        let after = try LoopHarness(listener)
        try takeOver(after)
        var received: [UInt8] = []
        for _ in 0..<20 {
            received += drain(client.descriptor)
            after.turn()
        }
        let answers = try WireFrame.all(in: received)
        #expect(answers.map(\.stream) == Array(1...8))
        #expect(answers.allSatisfy { $0.payload == long })
    }

    @Test func aStreamThatNeedsItsClientIsToldToGo() throws {
        let client = try LoopClient(listener, before)
        _ = try client.greet(before)
        client.send(Self.request(3, flags: []))
        before.turn()
        before.handOver()
        before.turn()
        #expect(try client.received().map(\.kind) == [.goAway, .ping])
        client.send(WireFrame(kind: .pong))
        // The stream continues to its end, and then the connection ends.
        client.send(WireFrame(kind: .message, flags: .end, stream: 1, payload: [5]))
        before.turn()
        #expect(before.script.messages == [[5]])
        _ = before.script.finish()
        before.turn()
        #expect(try client.received().map(\.kind) == [.end])
        #expect(client.isClosed)
        #expect(before.loop.inTransit.isEmpty)
    }

    @Test func aStreamWithoutCreditIsToldToGo() throws {
        let client = try LoopClient(listener, before)
        _ = try client.greet(before)
        client.send(Self.request(3, flags: []), WireFrame(kind: .end, stream: 1))
        before.turn()
        #expect(before.script.send([UInt8](repeating: 1, count: 200)) == UInt32(ARTICLED_SENT))
        before.turn()
        before.handOver()
        before.turn()
        #expect(try client.received().map(\.kind) == [.message], "as long as it is not blocked, it may end by itself")
        #expect(before.script.send([1]) == UInt32(ARTICLED_BLOCKED))
        before.turn()
        #expect(try client.received().map(\.kind) == [.goAway, .ping])
        client.send(WireFrame(kind: .pong))
        client.send(WireFrame(kind: .credit, stream: 1, payload: Credit(bytes: 1000).encoded()))
        before.turn()
        #expect(before.script.writables == 1)
        _ = before.script.finish()
        before.turn()
        #expect(try client.received().map(\.kind) == [.end])
        #expect(client.isClosed)
        #expect(before.loop.inTransit.isEmpty)
    }

    /// A long stream delays the others only briefly; a request as long as it takes.
    @Test func streamsAreNotWaitedForLong() throws {
        let clients = try (0..<3).map { _ in try LoopClient(listener, before) }
        for client in clients { _ = try client.greet(before) }
        clients[0].send(Self.request(2))
        before.turn()
        clients[1].send(Self.request(3, flags: []))
        before.turn()
        before.handOver(streamsMilliseconds: 50)
        before.loop.turn()  // until the time of streams is over
        #expect(before.loop.inTransit.isEmpty)
        _ = before.script.respond([1])
        before.turn()
        #expect(before.loop.inTransit.count == 2)
        #expect(try clients[0].received().map(\.kind) == [.message])
        #expect(try clients[1].received().map(\.kind) == [.goAway, .ping])
    }

    @Test func notForEver() throws {
        let client = try LoopClient(listener, before)
        let other = try LoopClient(listener, before)
        _ = try client.greet(before)
        _ = try other.greet(before)
        client.send(Self.request(2))
        before.turn()
        before.handOver(seconds: 0)
        before.turn()
        #expect(before.loop.inTransit.count == 1, "the other one")
        #expect(try client.received().last?.kind == .goAway)
        #expect(before.script.cancellations == [UInt32(ARTICLED_UNAVAILABLE)])
    }

    /// One plugin is gone, another is new, and the numbers of all others have changed.
    @Test func theClientsMethodNumbersStayValid() throws {
        let client = try LoopClient(listener, before)
        _ = try client.greet(before)
        before.handOver()
        let after = try LoopHarness(listener, [("new.one", .keep), ("test.stream", .stream), ("test.echo", .echo)])
        try takeOver(after)
        client.send(Self.request(1, stream: 1, [5]), Self.request(2, stream: 2), Self.request(4, stream: 3))
        after.turn()
        let answers = try client.received()
        #expect(answers.map(\.kind) == [.message, .error, .error])
        #expect(
            try answers.dropFirst().map { try $0.status().code }
                == Array(repeating: StatusCode.unimplemented.rawValue, count: 2))
        // And again: the client still has the first table.
        after.handOver()
        let transit = try #require(after.loop.inTransit.first)
        let last = try LoopHarness(listener)
        let table = try #require(transit.record.table)
        last.loop.takeOver(transit, ClientMethods(table, last.loop.context.router))
        client.send(Self.request(1, [6]))
        last.turn()
        #expect(try client.received().map(\.payload) == [[6]])
    }

    /// What the first hello promised stays valid, although the configuration now says less or more.
    @Test func promisesAreKept() throws {
        let client = try LoopClient(listener, before)
        let hello = try client.greet(before)
        before.handOver()
        var limits = ServiceLimits()
        limits.maxFrame = 8192
        limits.streamWindow = 1 << 20
        limits.maxInFlight = 1
        let after = try LoopHarness(listener, limits: limits)
        try takeOver(after)
        client.send(Self.request(2, stream: 1), Self.request(2, stream: 2))
        client.send(Self.request(1, stream: 3, [UInt8](repeating: 1, count: 20_000)))
        after.turn()
        #expect(try client.received().map(\.stream) == [3])
        // Credit is returned when a quarter of the client's window was used.
        client.send(Self.request(3, stream: 4, flags: []))
        after.turn()
        let used = Int(hello.streamWindow) / 4
        unsafe after.script.kept.removeFirst(2)
        let message = WireFrame(kind: .message, stream: 4, payload: [UInt8](repeating: 1, count: used))
        for piece in stride(from: 0, to: message.bytes.count, by: 30_000) {
            client.send(Array(message.bytes[piece..<min(piece + 30_000, message.bytes.count)]))
            after.turn()
        }
        after.script.consumed(used + FrameHeader.size)
        after.turn()
        #expect(try client.received().map(\.kind) == [.credit])
    }

    @Test func aListenerThatIsGoneIsSaidPolitely() throws {
        let client = try LoopClient(listener, before)
        _ = try client.greet(before)
        before.handOver()
        let other = try Listener(binding: .unix("\(directory.path)/other"))
        defer { other.close() }
        let after = try LoopHarness(other)
        try takeOver(after)
        let goAwayFrame = try #require(try client.received().first)
        #expect(goAwayFrame.kind == .goAway)
        #expect(try goAwayFrame.status().code == StatusCode.unavailable.rawValue)
        #expect(client.isClosed)
        #expect(after.loop.context.openConnections == 0)
    }

    @Test func thereMayBeNoRoomAnyMore() throws {
        let clients = try (0..<2).map { _ in try LoopClient(listener, before) }
        for client in clients { _ = try client.greet(before) }
        before.handOver()
        var limits = ServiceLimits()
        limits.maxConnections = 1
        let after = try LoopHarness(listener, limits: limits)
        try takeOver(after)
        #expect(after.loop.context.openConnections == 1)
        #expect(try clients.flatMap { try $0.received() }.map(\.kind) == [.goAway])
    }

    @Test func tcpConnectionsGoOnToo() throws {
        for text in ["tcp:127.0.0.1:0", "tcp:[::1]:0"] {
            let listener = try Listener(binding: ListenAddress(text))
            defer { listener.close() }
            let before = try LoopHarness(listener)
            let client = try LoopClient(listener, before)
            _ = try client.greet(before)
            before.handOver()
            let transit = try #require(before.loop.inTransit.first)
            let after = try LoopHarness(listener)
            after.loop.takeOver(transit, nil)
            client.send(Self.request(1, [5]))
            after.turn()
            #expect(try client.received().map(\.payload) == [[5]])
        }
    }

    /// Other contents of a damaged parcel.
    @Test func whatIsNoConnectionIsClosed() throws {
        var pipes: [Int32] = [0, 0]
        try #require(unsafe pipe(&pipes) == 0)
        before.loop.takeOver(ConnectionInTransit(socket: pipes[1], record: HandoverConnection()), nil)
        var end = pollfd(fd: pipes[0], events: Int16(POLLIN), revents: 0)
        #expect(unsafe poll(&end, 1, 5000) == 1, "its other end sees that it was closed")
        let copy = dup(listener.descriptor)
        before.loop.takeOver(ConnectionInTransit(socket: copy, record: HandoverConnection()), nil)
        #expect(before.loop.context.openConnections == 0)
        close(pipes[0])
    }

    @Test func aWildcardSocketAcceptsAtEveryAddress() throws {
        let all = try Listener(binding: .ipv4([0, 0, 0, 0], port: 0), allowRemote: true, allowPlaintext: true)
        defer { all.close() }
        guard case .ipv4(_, let port)? = SocketAddress.local(of: all.descriptor) else { throw StartError(.system, "") }
        #expect(all.accepts(at: .ipv4([127, 0, 0, 1], port: port)))
        #expect(!all.accepts(at: .ipv4([127, 0, 0, 1], port: port &+ 1)))
        #expect(!all.accepts(at: .unix("/tmp/x")))
        #expect(!listener.accepts(at: .ipv4([127, 0, 0, 1], port: port)))
    }
}
