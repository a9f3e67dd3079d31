// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ArticleClient

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

    @Test func readsLists() throws {
        let two: [Endpoint] = [.unix(path: "/a b"), .tcp(host: "::1", port: 2)]
        #expect(try Endpoint.list("unix:/a b,tcp:[::1]:2") == two)
        #expect(try Endpoint.list(" unix:/a b , tcp:[::1]:2\n") == two)
        #expect(try Endpoint.list("/a b,tcp:[::1]:2,unix:/a b") == two)
        #expect(try Endpoint.list(Endpoint.text(of: two)) == two)
        #expect(try Endpoint.list("tcp:a:1") == [.tcp(host: "a", port: 1)])
    }

    @Test(arguments: [
        ("tcp:a:1,localhost", "element 2 of the list of endpoints is \"localhost\": it should look like"),
        ("tcp:a:1,,tcp:b:1", "element 2 of the list of endpoints is empty: one comma belongs between two"),
        ("tcp:a:1,", "element 2 of the list of endpoints is empty"),
        (",tcp:a:1", "element 1 of the list of endpoints is empty"),
        ("tcp:a:1,tcp:b:0", "element 2 of the list of endpoints b:0: HOST:PORT is expected"),
        (
            "tcp:a:1,unix:/" + String(repeating: "x", count: 107),
            "element 2 of the list of endpoints: a Unix socket's path"
        ),
        ("localhost", "the list of endpoints is \"localhost\": it should look like"),
    ])
    func saysWhichElementOfAListIsWrong(text: String, start: String) {
        let error = #expect(throws: ClientError.self) { try Endpoint.list(text) }
        #expect(error?.kind == .misuse)
        #expect(error?.message.hasPrefix(start) == true, "\(error?.message ?? "")")
    }

    /// What the variable does to a whole program is tested with articlectl, and with README's example.
    @Test func theEnvironmentNamesTheDefault() throws {
        #expect(try Endpoint.named(by: nil) == [.systemDefault])
        #expect(try Endpoint.named(by: "") == [.systemDefault])
        #expect(try Endpoint.named(by: "tcp:a:1") == [.tcp(host: "a", port: 1)])
        #expect(try Endpoint.named(by: "tcp:a:1,/b") == [.tcp(host: "a", port: 1), .unix(path: "/b")])
    }

    @Test func aWrongEnvironmentFailsEachCall() async {
        let client = ArticleClient(Result { () throws(ClientError) in try Endpoint.named(by: "localhost") })
        for _ in 0..<2 {
            let error = await #expect(throws: ClientError.self) { try await client.ping() }
            #expect(error?.kind == .misuse)
            #expect(error?.message.hasPrefix("ARTICLED_ENDPOINT is \"localhost\"") == true)
        }
        await client.close()
    }
}
