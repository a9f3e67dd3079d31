// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import HandlerKit
import Testing

/// Credit: reading a message returns its credit, and nothing is sent without credit.
@Suite struct StreamingTests {
    let loop = ManualLoop()
    let plugin: TestPlugin

    init() throws { plugin = try unsafe TestPlugin(exportPlugin(Scripted.self)) }

    @Test func messagesArriveInOrderAndReturnTheirCredit() async {
        let request = TestRequest(loop, streamed: true)
        plugin.handle("test.count", request)
        for size in [3, 0, 5] { request.message([UInt8](repeating: 1, count: size)) }
        loop.turn()
        #expect(request.consumed == 8 + 3 * 16)
        request.message([9])
        request.endMessages()
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.response([3, 0, 5, 1], checksum: nil)])
        #expect(request.consumed == 9 + 4 * 16)
        #expect(request.violations == [])
        request.close()
    }

    @Test func unreadMessagesHoldTheirCredit() async {
        let request = TestRequest(loop, streamed: true)
        plugin.handle("test.stopReading", request)
        request.message([])
        request.message([1, 2])
        loop.turn()
        #expect(request.ends == [.response([], checksum: nil)])
        #expect(request.consumed == 16)
        #expect(request.violations == [])
        request.close()
    }

    @Test func aRequestThatIsNotStreamedHasNoMessages() async {
        let request = TestRequest(loop)
        plugin.handle("test.count", request)
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.response([], checksum: nil)])
        request.close()
    }

    @Test func readsAwayFromTheLoop() async {
        let request = TestRequest(loop, streamed: true)
        plugin.handle("test.readAway", request)
        for _ in 0..<20 { request.message([1]) }
        request.endMessages()
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.response([20], checksum: nil)])
        #expect(request.violations == [])
        request.close()
    }

    @Test func sendsNoMoreThanItsCredit() async {
        let request = TestRequest(loop, [10], credit: 250)
        plugin.handle("test.flood", request)
        loop.turn()
        // Three messages of 116 bytes use up 250; the last one exceeds them.
        #expect(request.sent.count == 3)
        request.grant(98)
        loop.turn()
        #expect(request.sent.count == 3, "the debt is paid, and nothing more")
        request.grant(1)
        loop.turn()
        #expect(request.sent.count == 4)
        request.grant(100_000)
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.sent.map(\.first) == (0..<10).map { UInt8($0) })
        #expect(request.ends == [.finished])
        #expect(request.violations == [])
        request.close()
    }

    @Test func sendsFromElsewhere() async {
        let request = TestRequest(loop, credit: 20)
        plugin.handle("test.sendAway", request)
        #expect(await loop.turn { request.sent.count == 2 })
        request.grant(1000)
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.sent == [[0], [1], [2], [3], [4]])
        #expect(request.ends == [.finished])
        #expect(request.violations == [])
        request.close()
    }

    @Test func aMessageThatIsTooLargeIsAnError() async {
        let request = TestRequest(loop, [1])
        request.maxBytes = 50
        plugin.handle("test.flood", request)
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.failed(8, "a message is larger than the client accepts")])
        request.close()
    }
}
