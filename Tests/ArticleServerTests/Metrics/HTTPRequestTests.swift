// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ArticleServer

@Suite struct HTTPRequestTests {
    private func read(_ text: String) -> HTTPRequest.Reading { HTTPRequest.read(Array(text.utf8)) }

    private static let scrape =
        "GET /metrics HTTP/1.1\r\nHost: localhost:7451\r\nUser-Agent: Prometheus/2.42\r\n"
        + "Accept: application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1\r\nAccept-Encoding: gzip\r\n\r\n"

    @Test(arguments: [
        (scrape, false, "/metrics"),
        ("HEAD /metrics HTTP/1.1\r\nhost:\r\n\r\n", true, "/metrics"),
        ("\r\nGET /a?b=c HTTP/1.0\r\n\r\n", false, "/a"),
        (
            "GET http://example.org/metrics?x HTTP/1.1\r\nHost: example.org\r\nContent-Length: 0\r\n\r\n", false,
            "/metrics"
        ),
        ("GET http://example.org HTTP/1.1\r\nHost: example.org\r\n\r\nmore", false, "/"),
    ])
    func requests(text: String, isHead: Bool, path: String) {
        #expect(read(text) == .request(HTTPRequest(isHead: isHead, path: path)))
    }

    @Test(arguments: [
        ("POST /metrics HTTP/1.1\r\nHost: a\r\n\r\n", HTTPStatus.methodNotAllowed),
        ("get /metrics HTTP/1.1\r\nHost: a\r\n\r\n", .methodNotAllowed),
        ("GET /metrics HTTP/2.0\r\nHost: a\r\n\r\n", .versionNotSupported),
        ("GET /metrics\r\n\r\n", .badRequest),
        ("GET  /metrics HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
        ("GET /metrics HTTP/1.1 \r\nHost: a\r\n\r\n", .badRequest),
        ("GET metrics HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
        ("GET /metrics HTTP/1.1\r\n\r\n", .badRequest),
        ("GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", .badRequest),
        ("GET /metrics HTTP/1.1\r\nHost : a\r\n\r\n", .badRequest),
        ("GET /metrics HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", .badRequest),
        ("GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", .badRequest),
        ("GET /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", .badRequest),
        ("GET /metrics HTTP/1.1\nHost: a\n\n", .badRequest),
        ("GET /metrics HTTP/1.1\r\nHost: a\rb\r\n\r\n", .badRequest),
        ("GET /metrics HTTP/1.1\r\nHost: \u{0}\r\n\r\n", .badRequest),
        ("GET /ữ HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
        ("\u{16}\u{3}\u{1}", .badRequest),  // TLS
        ("GET /" + String(repeating: "a", count: 9000), .headersTooLarge),
        ("GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 100), .headersTooLarge),
    ])
    func faults(text: String, status: HTTPStatus) {
        #expect(read(text) == .fault(status))
    }

    /// The request is the same for every way of splitting it, and is complete only with its last byte.
    @Test func splitAtEveryByte() {
        let bytes = Array(Self.scrape.utf8)
        for count in bytes.indices { #expect(HTTPRequest.read(Array(bytes[..<count])) == .incomplete, "\(count)") }
    }

    /// Any byte at any place gives a result and no trap.
    @Test func anyByteAnywhere() {
        let bytes = Array(Self.scrape.utf8)
        for index in bytes.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = bytes
                changed[index] = byte
                if case .request(let request) = HTTPRequest.read(changed) { #expect(request.path.hasPrefix("/")) }
            }
        }
    }

    @Test func response() {
        let request = HTTPRequest(isHead: false, path: "/metrics")
        let whole = String(decoding: HTTPResponse.answer(to: request) { "a 1\n# EOF\n" }.bytes, as: UTF8.self)
        #expect(whole.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(
            whole.contains("\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"))
        #expect(whole.contains("\r\nContent-Length: 10\r\n"))
        #expect(whole.hasSuffix("\r\nConnection: close\r\n\r\na 1\n# EOF\n"))
        let head = HTTPResponse.answer(to: HTTPRequest(isHead: true, path: "/metrics")) { "a 1\n# EOF\n" }.bytes
        #expect(String(decoding: head, as: UTF8.self) == whole.dropLast(10))
        let elsewhere = HTTPResponse.answer(to: HTTPRequest(isHead: false, path: "/")) { "" }
        #expect(elsewhere.status == .notFound)
        #expect(
            String(decoding: HTTPResponse(.methodNotAllowed).bytes, as: UTF8.self).contains("\r\nAllow: GET, HEAD\r\n"))
    }
}
