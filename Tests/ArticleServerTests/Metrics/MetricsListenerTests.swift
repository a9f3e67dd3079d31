// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import ArticleServer

@Suite struct MetricsListenerTests {
    private let directory: TemporaryDirectory
    private let path: String
    private let listener: Listener
    private let metrics: MetricsListener

    init() throws {
        directory = try TemporaryDirectory()
        path = "\(directory.path)/metrics.sock"
        listener = try Listener(binding: .unix(path), purpose: .metrics)
        // Longer than a socket's buffer.
        metrics = try MetricsListener([listener]) { String(repeating: "a 1\n", count: 200_000) + "# EOF\n" }
    }

    private func connect() throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let answer = unsafe SocketAddress.with(.unix(path)) { unsafe Glibc.connect(descriptor, $0, $1) }
        try #require(answer == 0)
        return descriptor
    }

    private func write(_ descriptor: Int32, _ text: String) {
        _ = unsafe Array(text.utf8).withUnsafeBytes {
            unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    /// Everything until the end of the input.
    private func readAll(_ descriptor: Int32) -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += buffer[..<count]
        }
    }

    private static let scrape = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func answersAndCloses() throws {
        defer { #expect(metrics.stop(within: 5_000_000_000)) }
        let descriptor = try connect()
        defer { close(descriptor) }
        // In two pieces, with more bytes behind the request.
        write(descriptor, String(Self.scrape.prefix(10)))
        write(descriptor, Self.scrape.dropFirst(10) + Self.scrape)
        let answer = readAll(descriptor)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n" + String(repeating: "a 1\n", count: 200_000) + "# EOF\n"))
    }

    @Test func refusesWhatIsNoRequest() throws {
        defer { #expect(metrics.stop(within: 5_000_000_000)) }
        for (text, status) in [
            ("nonsense\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "404"),
            ("PUT /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "405"), (String(repeating: "a", count: 10_000), "431"),
        ] {
            let descriptor = try connect()
            defer { close(descriptor) }
            write(descriptor, text)
            #expect(readAll(descriptor).hasPrefix("HTTP/1.1 \(status) "), "\(text.prefix(20))")
        }
    }

    /// Peers that send nothing, do not read, or disconnect do not keep the next one from its answer.
    @Test func othersAreServed() throws {
        defer { #expect(metrics.stop(within: 5_000_000_000)) }
        var silent: [Int32] = []
        for _ in 0..<MetricsListener.maxConnections { silent.append(try connect()) }
        for _ in 0..<8 {
            let deaf = try connect()
            write(deaf, Self.scrape)
            silent.append(deaf)
        }
        for _ in 0..<8 {
            let gone = try connect()
            write(gone, Self.scrape)
            close(gone)
        }
        let descriptor = try connect()
        defer { close(descriptor) }
        write(descriptor, Self.scrape)
        #expect(readAll(descriptor).hasPrefix("HTTP/1.1 200 OK\r\n"))
        for descriptor in silent { close(descriptor) }
    }

    @Test func aRequestThatNeverEndsIsTimedOut() {
        let (ours, theirs) = Self.pair()
        defer { close(ours) }
        let connection = MetricsConnection(descriptor: theirs, now: 1000)
        write(ours, "GET /metrics HTTP/1.1\r\n")
        connection.proceed(at: 1000) { _ in HTTPResponse(.ok) }
        #expect(connection.state == .reading)
        connection.expire(at: 999 + MetricsConnection.exchangeTimeout)
        #expect(connection.state == .reading)
        connection.expire(at: 1000 + MetricsConnection.exchangeTimeout)
        #expect(connection.state == .lingering)
        connection.expire(at: .max)
        #expect(connection.state == .over)
    }

    private static func pair() -> (Int32, Int32) {
        var pair: [Int32] = [-1, -1]
        _ = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &pair)
        return (pair[0], pair[1])
    }
}
