// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Glibc
import Testing

/// Plugins that keep their event loop: the operator learns which, and others are served.
@Suite struct StuckLoopTests {
    private static let serving = [
        "--listen", "unix:DIR/socket", "--plugins", "DIR/plugins", "--state-directory", "DIR/state",
        "--event-loops", "1",
    ]

    /// Keeps the only loop for so many milliseconds.
    private func block(_ articled: Articled, _ method: String, _ milliseconds: Int) throws -> RawConnection {
        let connection = try articled.connect()
        let number = try connection.greet().number(method)
        connection.send(Frames.frame(.request, Array("\(milliseconds)".utf8), flags: .end, method: number, stream: 1))
        return connection
    }

    @Test(arguments: [("blocks-its-loop", "stuck.sleep"), ("blocks-in-a-job", "late.sleep")])
    func itIsNamedAndOthersAreServed(plugin: String, method: String) throws {
        let articled = try Articled(Self.serving, fixtures: [plugin])
        let connection = try block(articled, method, 5000)
        try articled.wait { articled.text.contains("event loop 1 was added for new connections") }
        #expect(articled.text.contains("\(method) of the plugin \(plugin) has blocked event loop 0 for 1"))
        #expect(articled.text.contains("PLUGIN=\(plugin)"))
        #expect(articled.text.contains("ARTICLED_METHOD=\(method)"))
        let other = try RawConnection(articled.socketPath)
        _ = try other.greet()
        other.send(Frames.frame(.ping))
        guard case .frame(let header, _) = other.next(), header.kind == .pong else {
            throw Articled.Failed(output: articled.text)
        }
        guard case .frame(let answer, _) = connection.next() else { throw Articled.Failed(output: articled.text) }
        #expect(answer.stream == 1 && answer.kind == .message, "what was stuck goes on")
        try articled.wait { articled.text.contains("event loop 0 continues after ") }
        articled.send(SIGTERM)
        #expect(try articled.ended() == 0)
    }

    /// Each loop that is stuck is replaced, but not without end.
    @Test func thereAreNotAnyNumberOfThem() throws {
        let articled = try Articled(Self.serving, fixtures: ["blocks-its-loop"])
        var connections: [RawConnection] = []
        for loop in 1...4 {
            connections.append(try block(articled, "stuck.sleep", 60_000))
            try articled.wait { articled.text.contains("event loop \(loop) was added for new connections") }
        }
        connections.append(try block(articled, "stuck.sleep", 60_000))
        try articled.wait { articled.text.contains("has blocked event loop 4 for ") }
        #expect(!articled.text.contains("event loop 5 was added"))
    }

    /// The end tells who keeps it.
    @Test func aStopNamesIt() throws {
        let articled = try Articled(
            Self.serving, files: ["articled.json5": "{ limits: { drainTimeout: '100 ms' } }"],
            fixtures: ["blocks-its-loop"])
        let connection = try block(articled, "stuck.sleep", 60_000)
        try articled.wait { articled.text.contains("has blocked event loop 0") }
        articled.send(SIGTERM)
        #expect(try articled.ended() == 70)
        #expect(
            articled.text.contains(
                "an event loop did not end: stuck.sleep of the plugin blocks-its-loop blocks event loop 0"))
        _ = connection
    }

    /// So does the watchdog's end, to which no beat goes out any more.
    @Test func theWatchdogNamesIt() throws {
        let articled = try Articled(
            through: ["/bin/sh", "-c", "WATCHDOG_PID=$$ exec \"$0\" \"$@\""], Self.serving,
            fixtures: ["blocks-its-loop"],
            environment: ["WATCHDOG_USEC": "4000000", "NOTIFY_SOCKET": "DIR/nobody-listens-here"])
        let connection = try block(articled, "stuck.sleep", 60_000)
        try articled.wait { articled.text.contains("the watchdog is no longer notified") }
        #expect(articled.text.contains(": stuck.sleep of the plugin blocks-its-loop blocks event loop 0;"))
        _ = connection
    }
}
