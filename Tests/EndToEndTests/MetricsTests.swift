// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Glibc
import Testing

/// What Prometheus reads, from the real service, by both ways.
@Suite struct MetricsTests {
    @Test func theCommandLineShowsWhatHappened() async throws {
        let service = try Service()
        let client = ArticleClient(endpoint: .unix(path: service.socketPath))
        for number in 0..<3 { _ = try await client.put(Article(url: "https://example.org/\(number)", title: "Một")) }
        _ = try? await client.get(url: "https://example.org/none")
        await client.close()
        let tool = CommandLineTool(service)
        let outcome = try tool.run("metrics")
        #expect(outcome.code == 0)
        let metrics = try OpenMetrics(outcome.text)
        #expect(metrics.value("articled_requests_total", ["method": "store.put", "code": "OK"]) == 3)
        #expect(metrics.value("articled_requests_total", ["method": "fetch.get", "code": "NOT_FOUND"]) == 1)
        #expect(
            metrics.value("articled_requests_total", ["method": "fetch.list"]) == 0, "there before the first request")
        #expect(metrics.value("articled_request_duration_seconds_count", ["method": "store.put"]) == 3)
        #expect(metrics.value("articled_connections") == 1, "the command's own")
        #expect(
            metrics.value("articled_accepted_connections_total", ["listener": "unix:\(service.socketPath)"]) ?? 0 >= 2)
        #expect(metrics.value("articled_requests_in_flight") == 1, "this very request")
        #expect(metrics.value("articled_storage_articles") == 3)
        #expect(metrics.value("articled_storage_writes_total") == 3)
        #expect(metrics.value("articled_received_bytes_total") ?? 0 > 100)
        #expect(
            metrics.value(
                "articled_component_health", ["component": "store", "articled_component_health": "healthy"]) == 1)
        #expect(metrics.value("articled_plugin_info", ["plugin": "lmdb-storage"]) == 1)
        #expect(metrics.value("process_resident_memory_bytes") ?? 0 > 1_000_000)
        #expect(metrics.value("process_open_fds") ?? 0 > 5)
        let json = try tool.run("metrics", "--json").json()
        _ = try OpenMetrics(try #require(json["openmetrics"] as? String))
    }

    @Test func prometheusReadsThemOverHTTP() throws {
        let articled = try Articled(
            ["--listen", "unix:DIR/socket", "--plugins", "DIR/plugins", "--state-directory", "DIR/state"],
            files: ["articled.json5": "{ listenMetrics: ['tcp:127.0.0.1:0'] }"])
        let port = try port(of: articled)
        let answer = try exchange(port, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
        let end = try #require(answer.range(of: "\r\n\r\n"))
        let head = answer[..<end.lowerBound]
        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(head.contains("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8"))
        let metrics = try OpenMetrics(String(answer[end.upperBound...]))
        #expect(
            metrics.value("articled_requests_total", ["method": "service.metrics"]) == 0, "it is no request of ours")
        // Whatever comes in there, articles are served.
        for text in ["\0\0\0\0", "GET /metrics HTTP/1.1\r\n", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"] {
            _ = try exchange(port, text, endsSending: true)
        }
        let connection = try articled.connect()
        _ = try connection.greet()
        articled.send(SIGTERM)
        #expect(try articled.ended() == 0)
    }

    private func port(of articled: Articled) throws -> UInt16 {
        let pattern = /tcp:127\.0\.0\.1:([0-9]+) \(metrics\)/
        try articled.wait { articled.text.contains(pattern) }
        let match = try #require(articled.text.firstMatch(of: pattern))
        return try #require(UInt16(match.1))
    }

    /// Sends all of it, and reads until the end.
    private func exchange(_ port: UInt16, _ text: String, endsSending: Bool = false) throws -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0)
        _ = unsafe Array(text.utf8).withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        if endsSending { shutdown(descriptor, Int32(SHUT_WR)) }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += buffer[..<count]
        }
    }
}
