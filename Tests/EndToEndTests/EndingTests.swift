// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Glibc
import Testing

/// What becomes of requests in flight when articled is told to end, and of connections when it can take no more.
@Suite struct EndingTests {
    private static let serving = [
        "--listen", "unix:DIR/socket", "--plugins", "DIR/plugins", "--state-directory", "DIR/state",
    ]

    /// Sends a request whose payload is a number of milliseconds, and makes sure that it has arrived.
    private func begin(_ method: String, _ milliseconds: Int, on connection: RawConnection) throws {
        let hello = try connection.greet()
        connection.send(
            Frames.frame(
                .request, Array("\(milliseconds)".utf8), flags: .end, method: try hello.number(method), stream: 1))
    }

    private func ping(_ connection: RawConnection) throws {
        connection.send(Frames.frame(.ping))
        guard case .frame(let header, _) = connection.next(), header.kind == .pong else {
            throw RawConnection.Failed(what: "no pong")
        }
    }

    /// The terminal frame of stream 1, whatever comes before it.
    private func answer(on connection: RawConnection) -> RawConnection.Event {
        while true {
            let event = connection.next()
            if case .frame(let header, _) = event, header.stream != 1 { continue }
            return event
        }
    }

    @Test func whatIsInFlightIsAnswered() throws {
        let articled = try Articled(Self.serving, fixtures: ["ignores-cancellation"])
        let connection = try articled.connect()
        try begin("stubborn.wait", 500, on: connection)
        try ping(connection)
        articled.send(SIGTERM)
        guard case .frame(let header, let payload) = answer(on: connection) else {
            throw Articled.Failed(output: articled.text)
        }
        #expect(header.kind == .message)
        #expect(payload == Array("done".utf8))
        #expect(try articled.ended() == 0)
    }

    @Test func butNotForEver() throws {
        let articled = try Articled(
            Self.serving, files: ["articled.json5": "{ limits: { drainTimeout: '200 ms' } }"],
            fixtures: ["ignores-cancellation"])
        let connection = try articled.connect()
        try begin("stubborn.wait", 60_000, on: connection)
        try ping(connection)
        articled.send(SIGTERM)
        switch answer(on: connection) {
        case .frame(let header, _): #expect(header.kind == .error)
        case .ended: break
        case .timedOut: Issue.record("neither answered nor closed")
        }
        _ = try articled.ended()
    }

    @Test func aSecondSignalEndsItAtOnce() throws {
        let articled = try Articled(Self.serving, fixtures: ["ignores-cancellation"])
        let connection = try articled.connect()
        try begin("stubborn.wait", 60_000, on: connection)
        try ping(connection)
        articled.send(SIGTERM)
        try articled.wait { articled.text.contains("stopping: asked to stop") }
        articled.send(SIGTERM)
        _ = try articled.ended()
        #expect(articled.text.contains("asked to stop again"))
    }

    /// Whoever promises a store for descriptors and has none does not leave clients without a word.
    @Test func whatNobodyStoresIsToldToGo() throws {
        let articled = try Articled(
            Self.serving, environment: ["FDSTORE": "8", "NOTIFY_SOCKET": "DIR/nobody-listens-here"])
        let connection = try articled.connect()
        _ = try connection.greet()
        articled.send(SIGTERM)
        guard case .frame(let header, let payload) = connection.next() else {
            throw Articled.Failed(output: articled.text)
        }
        #expect(header.kind == .goAway)
        #expect(try Status(decoding: payload).code == StatusCode.unavailable.rawValue)
        #expect(connection.next() == .ended)
        #expect(try articled.ended() == 0)
        #expect(articled.text.contains("the service manager did not take the connections"))
    }

    /// Who connects while requests in flight are finished is told at once, and does not wait for the end.
    @Test func whoComesDuringADrainIsTurnedAway() throws {
        let articled = try Articled(Self.serving, fixtures: ["ignores-cancellation"])
        let connection = try articled.connect()
        try begin("stubborn.wait", 60_000, on: connection)
        try ping(connection)
        articled.send(SIGTERM)
        guard case .frame(let header, _) = connection.next(), header.kind == .goAway else {
            throw Articled.Failed(output: articled.text)
        }
        for _ in 0..<20 {
            let late = try RawConnection(articled.socketPath)
            guard case .frame(let header, let payload) = late.next() else {
                throw Articled.Failed(output: articled.text)
            }
            #expect(header.kind == .goAway)
            #expect(try Status(decoding: payload).code == StatusCode.unavailable.rawValue)
            #expect(late.next() == .ended)
        }
        articled.send(SIGTERM)
        _ = try articled.ended()
    }

    /// A plugin that keeps its loop cannot keep the process.
    @Test func aStuckLoopIsLeftBehind() throws {
        let articled = try Articled(Self.serving, fixtures: ["blocks-its-loop"])
        let connection = try articled.connect()
        try begin("stuck.sleep", 60_000, on: connection)
        // It has begun when a request behind it is not answered any more: that is all that can be seen from here.
        connection.send(Frames.frame(.ping))
        #expect(connection.next(within: 300) == .timedOut)
        articled.send(SIGTERM)
        try articled.wait { articled.text.contains("stopping: asked to stop") }
        articled.send(SIGTERM)
        #expect(try articled.ended() == 70)
        #expect(articled.text.contains("an event loop did not end"), "which StuckLoopTests look at")
        #expect(!FileManager.default.fileExists(atPath: articled.socketPath))
    }

    /// Connections beyond what there are descriptors for are closed, and cost nothing; the others go on.
    @Test func runsOutOfDescriptors() throws {
        let articled = try Articled(
            through: ["/bin/sh", "-c", "ulimit -n 60; exec \"$0\" \"$@\""], Self.serving)
        let first = try articled.connect()
        _ = try first.greet()
        var others: [RawConnection] = []
        for _ in 0..<100 { others.append(try RawConnection(articled.socketPath)) }
        #expect(others.last?.next() == .ended)
        let before = try articled.ticks
        for _ in 0..<50 { try ping(first) }
        _ = poll(nil, 0, 300)  // in which a loop that fails without end would use 30 ticks
        #expect(try articled.ticks - before < 15)
        #expect(articled.text.contains("cannot accept"))
        others = []
        try articled.wait { (try? RawConnection(articled.socketPath).greet()) != nil }
        articled.send(SIGTERM)
        #expect(try articled.ended() == 0)
    }
}
