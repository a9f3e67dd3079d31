// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ArticleServer

/// Shares of the limits for all connections together.
@Suite struct AdmissionTests {
    private func admission(connections: Int = 4096, requests: Int = 64, buffered: Int = 1600) -> Admission {
        var limits = ServiceLimits()
        limits.maxConnections = connections
        limits.maxInFlightTotal = requests
        limits.maxBufferedTotal = buffered
        return Admission(limits)
    }

    /// How many connections a peer gets.
    private func fill(_ admission: Admission, _ user: UInt32, isAdministrator: Bool = false) -> [PeerAccount] {
        var accounts: [PeerAccount] = []
        while let account = try? admission.enter(.user(user), isAdministrator: isAdministrator) {
            accounts.append(account)
        }
        return accounts
    }

    @Test func onePeerAloneGetsThreeQuarters() {
        let admission = admission(connections: 1600)
        #expect(fill(admission, 1).count == 1125)  // of 1500, because a sixteenth is reserved for administrators
    }

    @Test func thereIsAlwaysSomethingForTheNextOne() {
        let admission = admission(connections: 1600)
        let peers = (1...3).map { fill(admission, $0) }
        #expect(peers.map(\.count) == [1125, 282, 70])
        for account in peers[0].dropLast() { admission.leave(account) }
        #expect(fill(admission, 2).count > 500, "who has less gets more when somebody goes")
    }

    @Test func somethingIsKeptForAdministrators() {
        let admission = admission(connections: 1600)
        for user in 1...100 { _ = fill(admission, UInt32(user)) }
        #expect(admission.totals.connections.inUse == 1500)
        #expect(fill(admission, 1000).isEmpty)
        #expect(fill(admission, 0, isAdministrator: true).count == 75)
    }

    @Test func theRefusalSaysWhoseLimitItIs() throws {
        let admission = admission(connections: 2)
        _ = try admission.enter(.user(1), isAdministrator: true)
        _ = try admission.enter(.user(1), isAdministrator: true)
        do {
            _ = try admission.enter(.user(1), isAdministrator: true)
            Issue.record("it was let in")
        } catch {
            #expect(!error.isShare && error.connections == 2)
        }
        admission.totals.connections.setLimit(3)
        do {
            _ = try admission.enter(.user(2), isAdministrator: false)
            _ = try admission.enter(.user(2), isAdministrator: false)
            Issue.record("it was let in")
        } catch {
            #expect(!error.isShare)
        }
    }

    /// What bulk use may not take is left for small requests of the same peer.
    @Test func ordinaryUseGoesOnWhereBulkStops() throws {
        let admission = admission()
        let account = try admission.enter(.user(1), isAdministrator: false)
        while account.mayBuffer(.bulk, isAdministrator: false) { account.buffer(1) }
        #expect(admission.totals.buffered.inUse == 1125)
        #expect(account.mayBuffer(.ordinary, isAdministrator: false))
        while account.mayBuffer(.ordinary, isAdministrator: false) { account.buffer(1) }
        #expect(admission.totals.buffered.inUse == 1313)
        let other = try admission.enter(.user(2), isAdministrator: false)
        #expect(other.mayBuffer(.bulk, isAdministrator: false))
    }

    /// More is in use than the limit allows, as after a reload with lower limits.
    @Test func whatExceedsTheLimitIsNoRoom() throws {
        let admission = admission(requests: 1_000_000)
        let account = try admission.enter(.user(1), isAdministrator: false)
        for _ in 0..<100 { account.requestBegan() }
        admission.totals.requests.setLimit(1)
        #expect(!account.mayBegin(.ordinary, isAdministrator: true))
        for _ in 0..<100 { account.requestEnded() }
        #expect(account.mayBegin(.bulk, isAdministrator: false))
    }

    /// A peer that disconnects and connects again still holds the requests that plugins work on.
    @Test func abandonedRequestsCountAfterTheConnection() throws {
        let admission = admission()
        let account = try admission.enter(.user(1), isAdministrator: false)
        while account.mayBegin(.bulk, isAdministrator: false) { account.requestBegan() }
        admission.leave(account)
        let again = try admission.enter(.user(1), isAdministrator: false)
        #expect(again === account)
        #expect(!again.mayBegin(.bulk, isAdministrator: false))
        while admission.totals.requests.inUse > 0 { again.requestEnded() }
        admission.leave(again)
        #expect(try admission.enter(.user(1), isAdministrator: false) !== account)
    }

    @Test func addresses() throws {
        func identity(_ text: String) throws -> PeerIdentity { PeerIdentity(try ListenAddress(text)) }
        #expect(try identity("tcp:10.0.0.1:1") == identity("tcp:10.0.0.1:2"))
        #expect(try identity("tcp:10.0.0.1:1") != identity("tcp:10.0.0.2:1"))
        #expect(try identity("tcp:[::ffff:10.0.0.1]:1") == identity("tcp:10.0.0.1:1"))
        #expect(try identity("tcp:[2001:db8::1]:1") == identity("tcp:[2001:db8::2:1]:1"), "one network")
        #expect(try identity("tcp:[2001:db8::1]:1") != identity("tcp:[2001:db8:0:1::1]:1"))
        #expect(try "\(identity("tcp:[2001:db8::1]:1"))" == "2001:db8::/64")
        #expect(try "\(identity("tcp:10.0.0.1:1"))" == "10.0.0.1")
    }
}
