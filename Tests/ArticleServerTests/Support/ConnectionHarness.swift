// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import LinuxRuntime
import Testing

@testable import ArticleServer

/// A connection on a real loop, turned by hand, with the methods of `SessionHarness`; the test is the peer.
final class ConnectionHarness {
    let loop: EventLoop
    let script: Script
    let peer: Int32

    /// - Parameters:
    ///   - window: the initial credit of a streamed answer.
    ///   - beat: how long a turn waits for something to happen, in nanoseconds.
    ///   - outgoing: makes the connection's outgoing buffer, given the peer's socket.
    init(
        limits: ServiceLimits = ServiceLimits(), window: UInt32 = 1 << 20, beat: UInt64 = 1_000_000,
        outgoing: (BufferPool, Int32) -> OutgoingBuffer = { pool, _ in OutgoingBuffer(pool: pool) }
    ) throws {
        script = Script()
        let context = SessionHarness.context(script, limits, beatInterval: beat)
        loop = try EventLoop(index: 0, context: context, listeners: [])
        peer = try Self.connect(loop, window, user: 1000, outgoing)
    }

    /// One more connection of the same loop, beyond its handshake: the peer's socket, which the caller closes.
    func another(user: UInt32 = 1000) throws -> Int32 {
        try Self.connect(loop, 1 << 20, user: user) { pool, _ in OutgoingBuffer(pool: pool) }
    }

    private static func connect(
        _ loop: EventLoop, _ window: UInt32, user: UInt32, _ outgoing: (BufferPool, Int32) -> OutgoingBuffer
    ) throws -> Int32 {
        let (served, peer) = try socketPair()
        // The peer can send much at once, and little waits in the socket until it reads.
        for (descriptor, size) in [(peer, Int32(1 << 20)), (served, 16384)] {
            var size = size
            _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        let client = Peer(
            credentials: PeerCredentials(process: 1, user: user, group: user), roles: SessionHarness.read)
        let account = try loop.context.admission.enter(client.identity, isAdministrator: false)
        let connection = loop.take(served, client, account, outgoing(loop.buffers, peer))
        try #require(connection).start()
        let hello = WireFrame(kind: .hello, payload: SessionHarness.hello(window: window).encoded())
        try deliver(hello, to: peer)
        loop.turn()
        try #require(try WireFrame.all(in: drain(peer)).map(\.kind) == [.hello])
        return peer
    }

    deinit {
        Descriptor.close(peer)
        loop.stop()
        loop.run()
    }

    /// Sends the frames in one piece, which the socket must take.
    func send(_ frames: [WireFrame]) throws {
        let bytes = frames.flatMap(\.bytes)
        guard case .bytes(bytes.count) = send(bytes[...]) else { throw Refused() }
    }

    /// Sends what the socket takes of the bytes.
    func send(_ bytes: ArraySlice<UInt8>) -> StreamSocket.Transfer {
        unsafe bytes.withUnsafeBytes { unsafe StreamSocket.send(peer, from: $0.baseAddress!, count: $0.count) }
    }

    struct Refused: Error {}

    /// The peer sends no more.
    func endInput() { StreamSocket.endSending(peer) }

    /// What the peer has read after so many turns.
    func receive(turns: Int = 20) throws -> [WireFrame] {
        var bytes: [UInt8] = []
        for _ in 0..<turns {
            loop.turn()
            bytes += drain(peer)
        }
        return try WireFrame.all(in: bytes)
    }
}
