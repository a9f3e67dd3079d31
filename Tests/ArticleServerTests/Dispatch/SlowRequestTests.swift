// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Testing

@testable import ArticleServer

@Suite struct SlowRequestTests {
    private func request(returned: UInt64?) -> SlowRequest {
        SlowRequest(
            method: "store.put", code: .unavailable, id: 77, stream: 5,
            peer: Peer(
                credentials: PeerCredentials(process: 3, user: 1000, group: 100), roles: UInt32(ARTICLED_ROLE_READ)),
            received: 1_000_000, dispatched: 3_000_000, returned: returned, answered: 903_500_000)
    }

    @Test func stages() {
        let waited = request(returned: 13_000_000)
        #expect(
            waited.text(.at(905_500_000))
                == "store.put took 902 ms and ended with UNAVAILABLE: 2 ms until its turn, 10 ms in the handler, "
                + "890 ms until the answer, 2 ms until it was sent")
        #expect(
            waited.fields(.at(905_500_000)) == [
                "ARTICLED_METHOD": "store.put", "ARTICLED_STATUS": "UNAVAILABLE", "REQUEST_ID": "77", "STREAM": "5",
                "PEER_UID": "1000", "PEER_GID": "100", "PEER_PID": "3", "DURATION_US": "902500", "QUEUED_US": "2000",
                "HANDLER_US": "10000", "WAITED_US": "890500", "SENT_US": "2000",
            ])
        let atOnce = request(returned: nil)
        #expect(atOnce.text(.never).hasSuffix("900 ms in the handler, never sent, because the client did not read"))
        #expect(atOnce.fields(.never)["WAITED_US"] == nil)
        #expect(atOnce.fields(.never)["SENT_US"] == nil)
    }

    /// Every request of this service is slow. All except streams are counted, and reported when their answer is
    /// written.
    @Test func whatIsCounted() throws {
        let harness = try SessionHarness(slowRequestNanoseconds: 1)
        harness.receive(WireFrame(kind: .request, flags: .end, method: 1, stream: 1, payload: [1]))
        #expect(harness.loop.counters.slow.value == 1)
        #expect(harness.session.hasSlow)
        harness.session.reportSlow(.never)
        #expect(!harness.session.hasSlow)
        harness.receive(WireFrame(kind: .request, method: 3, stream: 3), WireFrame(kind: .cancel, stream: 3))
        #expect(harness.loop.counters.slow.value == 1, "how long a stream takes is its client's affair")
    }

    /// With the default none of those above is slow.
    @Test func whatIsNot() throws {
        let harness = try SessionHarness()
        harness.receive(WireFrame(kind: .request, flags: .end, method: 1, stream: 1, payload: [1]))
        #expect(harness.loop.counters.slow.value == 0)
        #expect(!harness.session.hasSlow)
    }
}
