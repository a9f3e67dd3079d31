// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Glibc
import Testing

/// What the journal tells a person, of the real service.
@Suite struct JournalTests {
    private static let serving = [
        "--listen", "unix:DIR/socket", "--plugins", "DIR/plugins", "--state-directory", "DIR/state",
    ]

    @Test func startAndEnd() throws {
        let articled = try Articled(Self.serving)
        _ = try articled.connect().greet()
        articled.send(SIGTERM)
        #expect(try articled.ended() == 0)
        for text in [
            "serves on unix:", "with lmdb-storage 1.", "store 0.", ", in \(articled.directory.path)/state ",
            "0 articles are stored in ", "stopping: asked to stop", "none was cut off",
        ] { #expect(articled.text.contains(text), "\(text): \(articled.text)") }
    }

    /// The stages of a slow request, its peer and its number; and the metrics count it.
    @Test func slowRequests() async throws {
        let articled = try Articled(
            Self.serving, files: ["articled.json5": "{ slowRequest: '20 ms' }"], fixtures: ["blocks-its-loop"])
        _ = try articled.connect()
        let client = ArticleClient(endpoint: .unix(path: articled.socketPath))
        _ = try await client.call("stuck.sleep", payload: Array("0".utf8))
        _ = try await client.call("stuck.sleep", payload: Array("50".utf8))
        try articled.wait { articled.text.contains("stuck.sleep took ") }
        let line = try #require(articled.text.split(separator: "\n").first { $0.contains("stuck.sleep took") })
        for pattern in [
            "took [0-9]+ ms: 0 ms until its turn, [5-9][0-9]+ ms in the handler, 0 ms until it was sent",
            "DURATION_US=[0-9]{5}", "HANDLER_US=[0-9]{5}", "PEER_UID=\(getuid())", "PEER_PID=\(getpid())",
            "REQUEST_ID=[0-9]+", "ARTICLED_METHOD=stuck.sleep", "ARTICLED_STATUS=OK",
        ] { #expect(line.contains(try Regex(pattern)), "\(pattern): \(line)") }
        #expect(try OpenMetrics(await client.metrics()).value("articled_slow_requests_total") == 1)
        #expect(articled.text.components(separatedBy: "stuck.sleep took").count == 2, "the other one was fast")
        await client.close()
    }

    @Test func whoBreaksTheProtocol() throws {
        let articled = try Articled(Self.serving)
        let connection = try articled.connect()
        connection.send([UInt8](repeating: 0x20, count: 32))
        try articled.wait { articled.text.contains("violated the protocol") }
        #expect(articled.text.contains("user \(getuid()) (process \(getpid())) violated the protocol"))
    }

    /// Roles change for clients that are connected already; who is refused is told, and so is what is new.
    @Test func aReloadReachesConnectedClients() async throws {
        let articled = try Articled(
            Self.serving + ["--listen", "tcp:127.0.0.1:0"], files: ["articled.json5": "{ access: { tcp: ['read'] } }"])
        let pattern = /tcp:127\.0\.0\.1:([0-9]+)/
        try articled.wait { articled.text.contains(pattern) }
        let match = try #require(articled.text.firstMatch(of: pattern))
        let port = try #require(UInt16(match.1))
        let client = ArticleClient(endpoint: .tcp(host: "127.0.0.1", port: port))
        let article = Article(url: "https://example.org/1", title: "Một")
        let error = await #expect(throws: ClientError.self) { try await client.put(article) }
        #expect(error?.status == .permissionDenied)
        try articled.wait { articled.text.contains("was refused store.put: it lacks the role \"write\"") }
        try "{ access: { tcp: ['read', 'write'] }, limits: { connections: 9 }, socketMode: '0600' }".write(
            to: articled.directory.appending(path: "articled.json5"), atomically: false, encoding: .utf8)
        articled.send(SIGHUP)
        try articled.wait { articled.text.contains("reloaded; changed: limits.connections, access.tcp ") }
        #expect(articled.text.contains("takes effect only after a restart: socketMode"))
        #expect(try await client.put(article).outcome == .created)
        #expect(try OpenMetrics(await client.metrics()).value("articled_connections") == 1, "it is the same connection")
        await client.close()
    }

    /// A plugin whose section is fixed at the start is named at each reload, until a restart.
    @Test func aReloadNamesPluginsThatNeedARestart() throws {
        let articled = try Articled(Self.serving, files: ["articled.json5": "{}"])
        let file = articled.directory.appending(path: "articled.json5")
        _ = try articled.connect().greet()
        let sections = "slowRequest: '2 s', plugins: { 'lmdb-storage': { maxReaders: 99 } }"
        try "{ \(sections) }".write(to: file, atomically: false, encoding: .utf8)
        articled.send(SIGHUP)
        try articled.wait { articled.text.contains("the configuration was reloaded; changed: slowRequest ") }
        let restart = "takes effect only after a restart: plugins.lmdb-storage "
        #expect(articled.text.contains(restart), "\(articled.text)")
        try "{ \(sections), logLevel: 'notice' }".write(to: file, atomically: false, encoding: .utf8)
        articled.send(SIGHUP)
        try articled.wait { articled.text.contains("the configuration was reloaded; changed: logLevel ") }
        #expect(articled.text.components(separatedBy: restart).count == 3, "\(articled.text)")
    }

    /// A limit on connections that is lowered and raised while they are open.
    @Test func aReloadChangesTotals() throws {
        let articled = try Articled(Self.serving, files: ["articled.json5": "{}"])
        let file = articled.directory.appending(path: "articled.json5")
        let first = try articled.connect()
        _ = try first.greet()
        try "{ limits: { connections: 1 } }".write(to: file, atomically: false, encoding: .utf8)
        articled.send(SIGHUP)
        try articled.wait { articled.text.contains("changed: limits.connections") }
        #expect(throws: (any Error).self) { try articled.connect().greet() }
        try articled.wait { articled.text.contains("was refused: 1 are open, which is limits.connections") }
        try "{}".write(to: file, atomically: false, encoding: .utf8)
        articled.send(SIGHUP)
        try articled.wait { articled.text.components(separatedBy: "changed: limits.connections").count == 3 }
        _ = try articled.connect().greet()
    }
}
