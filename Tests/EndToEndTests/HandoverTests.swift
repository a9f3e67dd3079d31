// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import CLinux
import Foundation
import Glibc
import Testing

/// Restarts under a service manager that keeps descriptors: what clients notice of them.
@Suite struct HandoverTests {
    private static func tcp(_ port: UInt16) throws -> RawConnection {
        let descriptor = clinux_socket(AF_INET, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe connect(
                descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        guard result == 0 else { throw RawConnection.Failed(what: "connect") }
        return RawConnection(descriptor)
    }

    private func ping(_ connection: RawConnection, _ word: String) throws {
        connection.send(Frames.frame(.ping, Array(word.utf8)))
        guard case .frame(let header, let payload) = connection.next(), header.kind == .pong,
            payload == Array(word.utf8)
        else { throw RawConnection.Failed(what: "no pong") }
    }

    @Test func idleConnectionsLiveThroughRestarts() throws {
        let manager = try ServiceManager()
        defer { manager.end() }
        let connections = [try RawConnection(manager.socketPath), try Self.tcp(manager.port)]
        for connection in connections { _ = try connection.greet() }
        for round in 1...3 {
            try manager.restart()
            for connection in connections { try ping(connection, "round \(round)") }
        }
        #expect(manager.stored == 0, "what was taken over is taken out of the store")
        #expect(manager.text.contains("took over 2 connections of the previous process"))
    }

    /// Before, during and after the end of the first process; and with a request cut in two by it.
    @Test func noRequestIsLost() throws {
        let manager = try ServiceManager(fixtures: ["ignores-cancellation"])
        defer { manager.end() }
        let connection = try RawConnection(manager.socketPath)
        let hello = try connection.greet()
        let echo = try hello.number("service.ping")
        connection.send(
            Frames.frame(
                .request, Array("500".utf8), flags: .end, method: try hello.number("stubborn.wait"), stream: 1))
        try ping(connection, "it is on its way")
        let cut = Frames.request(echo, PingRequest(payload: Array("cut".utf8)), stream: 2)
        connection.send(Array(cut.prefix(7)))
        let stopping = Thread { try? manager.stop() }
        stopping.start()
        guard case .frame(let header, let payload) = connection.next() else {
            throw ServiceManager.Failed(what: manager.text)
        }
        #expect(header.stream == 1)
        #expect(payload == Array("done".utf8))
        while !stopping.isFinished { _ = poll(nil, 0, 5) }
        #expect(manager.stored == 1)
        connection.send(Array(cut.dropFirst(7)))
        connection.send(Frames.request(echo, PingRequest(payload: Array("meanwhile".utf8)), stream: 3))
        try manager.start()
        for (stream, word) in [(UInt32(2), "cut"), (3, "meanwhile")] {
            guard case .frame(let header, let payload) = connection.next() else {
                throw ServiceManager.Failed(what: manager.text)
            }
            #expect(header.stream == stream)
            #expect(try PingResult(decoding: payload).payload == Array(word.utf8))
        }
    }

    /// All others are served until a slow request ends: here it is one of them that ends it.
    @Test func aSlowRequestKeepsNobodyElseWaiting() throws {
        let manager = try ServiceManager(fixtures: ["gate"])
        defer { manager.end() }
        let slow = try RawConnection(manager.socketPath)
        let gate = try slow.greet().number("gate.pass")
        slow.send(Frames.frame(.request, Array("wait".utf8), flags: .end, method: gate, stream: 1))
        try ping(slow, "it is on its way")
        let other = try RawConnection(manager.socketPath)
        _ = try other.greet()
        let stopping = Thread { try? manager.stop() }
        stopping.start()
        while !manager.text.contains("slow requests are in flight") { _ = poll(nil, 0, 5) }
        try ping(other, "still served")
        try ping(slow, "on the same connection, too")
        let new = try RawConnection(manager.socketPath)
        _ = try new.greet()
        new.send(Frames.frame(.request, Array("open".utf8), flags: .end, method: gate, stream: 1))
        for connection in [new, slow] {
            guard case .frame(let header, let payload) = connection.next(), header.stream == 1 else {
                throw ServiceManager.Failed(what: manager.text)
            }
            #expect(payload == Array("done".utf8))
        }
        while !stopping.isFinished { _ = poll(nil, 0, 5) }
        #expect(manager.stored == 1)
        try manager.start()
        for connection in [slow, other, new] { try ping(connection, "handed over") }
        #expect(manager.text.contains("took over 3 connections of the previous process"))
    }

    @Test func aRunningBenchmarkNoticesAPauseAlone() throws {
        let manager = try ServiceManager()
        defer { manager.end() }
        let output = Pipe()
        let bench = Child()
        bench.executableURL = Service.products.appending(path: "articlectl")
        bench.arguments = [
            "bench", "ping", "--live", "--socket", manager.socketPath, "-c", "20", "-p", "4", "-s", "3", "--json",
        ]
        bench.standardOutput = output
        try bench.run()
        for _ in 0..<3 {
            _ = poll(nil, 0, 500)  // so that there is something to interrupt each time
            try manager.restart()
        }
        bench.waitUntilExit()
        let report =
            try JSONSerialization.jsonObject(with: output.fileHandleForReading.readToEnd() ?? Data()) as? [String: Any]
        #expect(report?["errors"] as? Int == 0, "\(report ?? [:])")
        #expect(report?["reconnects"] as? Int == 0)
        #expect(bench.terminationStatus == 0)
    }

    /// A streamed store has to move to another connection, and a put in flight is answered: nothing is lost or doubled.
    @Test func writesGoOn() async throws {
        let manager = try ServiceManager()
        defer { manager.end() }
        let client = ArticleClient(endpoint: .unix(path: manager.socketPath))
        let stream = AsyncStream<Article> { continuation in
            let feeding = Thread {
                for number in 0..<3000 {
                    continuation.yield(Article(url: "https://a.example/\(number)", title: "Tin \(number)"))
                    if number % 1000 == 500 { try? manager.restart() }
                }
                continuation.finish()
            }
            feeding.start()
        }
        let outcomes = try await client.put(contentsOf: stream) { outcomes in
            var all: [UInt64: PutOutcome] = [:]
            for try await outcome in outcomes { all[outcome.index] = try outcome.result.get().outcome }
            return all
        }
        #expect(outcomes.count == 3000)
        #expect(outcomes.values.allSatisfy { $0 == .created }, "nothing was sent twice")
        #expect(try await client.stats().storage.map { Int($0.records) } == 3000)
        await client.close()
    }

    /// The store may hold anything by then.
    @Test func aForeignDescriptorIsSaidAndPassedOver() throws {
        let manager = try ServiceManager()
        defer { manager.end() }
        let connection = try RawConnection(manager.socketPath)
        _ = try connection.greet()
        try manager.stop()
        #expect(manager.stored == 1)
        // A parcel with one socket whose state is nonsense.
        var ends: [Int32] = [0, 0]
        try #require(unsafe clinux_packet_pair(&ends) == 0)
        let file = unsafe clinux_memory_file("nonsense")
        try #require(clinux_seal(file) == 0)
        let label = Array("articled handover".utf8)
        var other: [Int32] = [0, 0]
        try #require(unsafe clinux_packet_pair(&other) == 0)
        _ = unsafe clinux_send_descriptors(ends[0], label, label.count, [file, other[0]], 2)
        for descriptor in [ends[0], file, other[0], other[1]] { close(descriptor) }
        manager.replaceStored(by: ends[1])
        #expect(connection.next() == .ended, "it went with the store")
        try manager.start()
        #expect(manager.text.contains("1 connections that were handed over cannot be used"))
        let next = try RawConnection(manager.socketPath)
        _ = try next.greet()
        try manager.restart()
        try ping(next, "all is well again")
    }

    /// A process that does not get as far as to serve takes nothing out of the store.
    @Test func aFailedStartLosesNothing() throws {
        let manager = try ServiceManager()
        defer { manager.end() }
        let connection = try RawConnection(manager.socketPath)
        _ = try connection.greet()
        try manager.stop()
        let wrong = manager.directory.appending(path: "plugins/wrong.so")
        try Data("no library".utf8).write(to: wrong)
        #expect(throws: ServiceManager.Failed.self) { try manager.start() }
        try FileManager.default.removeItem(at: wrong)
        #expect(manager.stored == 1)
        try manager.start()
        try ping(connection, "still there")
    }

    /// Numbers of methods move when a plugin comes; a client that knows the former ones is understood all the same.
    @Test func pluginsMayChange() throws {
        let manager = try ServiceManager()
        defer { manager.end() }
        let connection = try RawConnection(manager.socketPath)
        let hello = try connection.greet()
        try FixturePlugin.build("greeter", to: manager.directory.appending(path: "plugins/a-greeter.so"))
        try manager.restart()
        let other = try RawConnection(manager.socketPath).greet()
        let method = try hello.number("fetch.get")
        #expect(try other.number("fetch.get") != method, "else this shows nothing")
        connection.send(Frames.request(method, GetRequest(url: "https://a.example/none"), stream: 1))
        guard case .frame(let header, let payload) = connection.next() else {
            throw ServiceManager.Failed(what: manager.text)
        }
        #expect(header.kind == .error)
        #expect(try Status(decoding: payload).code == StatusCode.notFound.rawValue)
    }
}
