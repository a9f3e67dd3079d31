// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import Glibc
import Testing

/// Endpoints as text, and from the environment.
@Suite struct EndpointTests {
    @Test(arguments: [
        ("unix:/tmp/s", Endpoint.unix(path: "/tmp/s")), ("/tmp/s", .unix(path: "/tmp/s")),
        ("unix:@a", .unix(path: "@a")),
        ("tcp:localhost:1", .tcp(host: "localhost", port: 1)), ("tcp:[::1]:7450", .tcp(host: "::1", port: 7450)),
    ])
    func reads(text: String, endpoint: Endpoint) throws {
        #expect(try Endpoint(text) == endpoint)
        #expect(try Endpoint(endpoint.description) == endpoint)
    }

    @Test(arguments: [
        "", "unix:", "http://x", "tcp:", "tcp:a", "tcp::1", "tcp:a:0", "tcp:a:65536", "tcp:[]:1", "localhost:1",
        "unix:/" + String(repeating: "x", count: 107),
    ])
    func refuses(text: String) {
        let error = #expect(throws: ClientError.self) { try Endpoint(text) }
        #expect(error?.kind == .misuse)
        #expect(error?.message.hasPrefix("the endpoint") == true)
    }

    /// In a process of its own: this one's environment belongs to all tests.
    @Test func theEnvironmentNamesTheDefault() async {
        await #expect(processExitsWith: .success) {
            unsafe unsetenv("ARTICLED_ENDPOINT")
            #expect(ArticleClient().endpoint == .systemDefault)
            unsafe setenv("ARTICLED_ENDPOINT", "", 1)
            #expect(ArticleClient().endpoint == .systemDefault)
            unsafe setenv("ARTICLED_ENDPOINT", "unix:/nonexistent/a.sock", 1)
            let client = ArticleClient()
            #expect(client.endpoint == .unix(path: "/nonexistent/a.sock"))
            let absent = await #expect(throws: ClientError.self) { try await client.ping() }
            let text = "no socket at /nonexistent/a.sock, which ARTICLED_ENDPOINT names: does articled listen there?"
            #expect(absent?.message == text)
            let elsewhere = ArticleClient(endpoint: .unix(path: "/nonexistent/b.sock"))
            let other = await #expect(throws: ClientError.self) { try await elsewhere.ping() }
            #expect(other?.message.contains("ARTICLED_ENDPOINT") == false)
        }
    }

    @Test func aWrongEnvironmentFailsEachCall() async {
        await #expect(processExitsWith: .success) {
            unsafe setenv("ARTICLED_ENDPOINT", "localhost", 1)
            let client = ArticleClient()
            for _ in 0..<2 {
                let error = await #expect(throws: ClientError.self) { try await client.ping() }
                #expect(error?.kind == .misuse)
                #expect(error?.message.hasPrefix("ARTICLED_ENDPOINT is \"localhost\"") == true)
            }
            await client.close()
        }
    }
}
