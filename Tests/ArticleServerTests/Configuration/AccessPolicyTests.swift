// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ArticleServer

@Suite struct AccessPolicyTests {
    private let unix = Listener(descriptor: -1, isTCP: false, group: 50, description: "unix:/a")
    private let tcp = Listener(descriptor: -1, isTCP: true, description: "tcp:127.0.0.1:1")

    private func peer(_ user: UInt32, _ group: UInt32 = 9, _ groups: [UInt32] = []) -> PeerCredentials {
        PeerCredentials(process: 1, user: user, group: group, groups: groups)
    }

    @Test func byDefault() {
        let policy = AccessPolicy(owner: 1000)
        #expect(policy.roles(of: peer(0), on: unix) == AccessPolicy.all)
        #expect(policy.roles(of: peer(1000), on: unix) == AccessPolicy.all)
        #expect(policy.roles(of: peer(1001, 50, [50]), on: unix) == 0)
        #expect(policy.roles(of: nil, on: unix) == 0)
        #expect(policy.roles(of: nil, on: tcp) == AccessPolicy.read | AccessPolicy.write)
    }

    @Test func byUserAndGroup() throws {
        let policy = try ServerConfiguration(
            json5: Array(
                """
                {access: {read: {users: [7], groups: [20]}, write: {users: [7]}, administer: {groups: [21]},
                          socketGroup: ["read", "write"]}}
                """.utf8), owner: 1000
        ).access
        #expect(policy.roles(of: peer(7), on: unix) == AccessPolicy.read | AccessPolicy.write)
        #expect(policy.roles(of: peer(8, 20), on: unix) == AccessPolicy.read)
        #expect(policy.roles(of: peer(8, 9, [20, 21]), on: unix) == AccessPolicy.read | AccessPolicy.administer)
        #expect(policy.roles(of: peer(8, 9, [50]), on: unix) == AccessPolicy.read | AccessPolicy.write)
        #expect(policy.roles(of: peer(8), on: unix) == 0)
    }
}
