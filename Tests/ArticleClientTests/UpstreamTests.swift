// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import ArticleClient

/// The addresses of one endpoint.
@Suite struct UpstreamTests {
    private static func addresses(_ hosts: String...) throws -> [SocketAddress] {
        try hosts.flatMap { try #require(try SocketAddress.numeric(.tcp(host: $0, port: 7450))) }
    }

    @Test func onlyHostNamesNeedTheResolver() throws {
        #expect(try SocketAddress.numeric(.unix(path: "/s"))?.count == 1)
        #expect(try SocketAddress.numeric(.tcp(host: "127.0.0.1", port: 1))?.count == 1)
        #expect(try SocketAddress.numeric(.tcp(host: "::1", port: 1))?.count == 1)
        #expect(try SocketAddress.numeric(.tcp(host: "localhost", port: 1)) == nil)
        #expect(try !SocketAddress.resolve(.tcp(host: "localhost", port: 1)).isEmpty)
    }

    @Test func addressesAreCompared() throws {
        let (one, same, other) = (
            try Self.addresses("10.0.0.1")[0], try Self.addresses("10.0.0.1")[0], try Self.addresses("10.0.0.2")[0]
        )
        #expect(one.isSame(same))
        #expect(!one.isSame(other))
        #expect(!one.isSame(try Self.addresses("::1")[0]))
    }

    /// A dead address leaves time for the others.
    @Test func eachAddressHasItsShareOfTheTime() throws {
        let upstream = Upstream(index: 0, endpoint: .tcp(host: "h", port: 7450), options: ClientOptions())
        upstream.beginAttempt(1000, deadline: 1900)
        upstream.resolved(try Self.addresses("10.0.0.1", "10.0.0.2", "10.0.0.3"))
        upstream.candidates.removeFirst()
        #expect(upstream.handshakeDeadline(1000) == 1300)
        upstream.candidates.removeFirst()
        #expect(upstream.handshakeDeadline(1300) == 1600)
        upstream.candidates.removeFirst()
        #expect(upstream.handshakeDeadline(1600) == 1900)
        #expect(upstream.handshakeDeadline(2000) == 1900)
    }

    @Test func theAddressThatWorkedComesFirst() throws {
        let upstream = Upstream(index: 0, endpoint: .tcp(host: "h", port: 7450), options: ClientOptions())
        let addresses = try Self.addresses("10.0.0.1", "10.0.0.2")
        upstream.resolved(addresses)
        #expect(upstream.candidates[0].isSame(addresses[0]))
        upstream.connected(ServerHello(), at: addresses[1])
        #expect(upstream.candidates.isEmpty)
        upstream.resolved(addresses)
        #expect(upstream.candidates[0].isSame(addresses[1]))
        // The name may have other addresses by then.
        upstream.resolved([addresses[0]])
        #expect(upstream.candidates.count == 1 && upstream.candidates[0].isSame(addresses[0]))
    }

    /// The resolver may take its time, or find nothing.
    @Test func aHostNameDoesNotHoldUpOtherEndpoints() async throws {
        let service = try FakeService(1)
        let client = ArticleClient(endpoints: [.tcp(host: "nowhere.invalid", port: 1), service.endpoint])
        for _ in 0..<10 { #expect(try await client.call("test.once", payload: []) == [1]) }
        await client.close()
    }
}
