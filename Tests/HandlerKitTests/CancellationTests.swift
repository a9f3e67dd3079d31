// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import HandlerKit
import Testing

/// A cancelled request stops its task and is still ended, once.
@Suite struct CancellationTests {
    let loop = ManualLoop()
    let plugin: TestPlugin

    init() throws { plugin = try unsafe TestPlugin(exportPlugin(Scripted.self)) }

    @Test(arguments: [
        (ARTICLED_CANCELLED, "the client cancelled the request"),
        (ARTICLED_DEADLINE_EXCEEDED, "the deadline has passed"),
        (ARTICLED_UNAVAILABLE, "the connection went away"),
    ])
    func aWaitingHandlerIsWokenWithTheReason(_ code: Int, _ text: String) async {
        let request = TestRequest(loop)
        plugin.handle("test.wait", request)
        loop.turn()
        #expect(request.ends == [])
        request.cancel(code)
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.failed(UInt32(code), text)])
        #expect(request.violations == [])
        request.close()
    }

    @Test func aHandlerThatIgnoresItMayAnswerLater() async {
        let gate = "ignore-\(ArticleID.generate())"
        let request = TestRequest(loop, Array(gate.utf8))
        plugin.handle("test.ignore", request)
        request.cancel()
        loop.turn()
        #expect(request.ends == [])
        Gate.named(gate).open()
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.response(Array("CANCELLED".utf8), checksum: nil)])
        #expect(request.violations == [])
        request.close()
    }

    @Test func readerIsWoken() async {
        let request = TestRequest(loop, streamed: true)
        plugin.handle("test.count", request)
        request.message([1])
        loop.turn()
        request.cancel()
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.failed(1, "the client cancelled the request")])
        #expect(request.violations == [])
        request.close()
    }

    @Test func writerIsWoken() async {
        let request = TestRequest(loop, [5], credit: 100)
        plugin.handle("test.flood", request)
        loop.turn()
        #expect(request.sent.count == 1)
        request.cancel(ARTICLED_UNAVAILABLE)
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.failed(14, "the connection went away")])
        #expect(request.violations == [])
        request.close()
    }
}
