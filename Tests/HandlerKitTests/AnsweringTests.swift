// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import HandlerKit
import Testing

/// Each request is ended exactly once, on its loop, whatever the handler does.
@Suite struct AnsweringTests {
    let loop = ManualLoop()
    let plugin: TestPlugin

    init() throws { plugin = try unsafe TestPlugin(exportPlugin(Scripted.self)) }

    private func run(_ behaviour: Scripted.Behaviour, _ text: String = "x", _ check: (TestRequest) -> Void) async {
        let request = TestRequest(loop, Array(text.utf8))
        plugin.handle("test.\(behaviour.rawValue)", request)
        #expect(await loop.turn { !request.ends.isEmpty })
        loop.turn()
        #expect(request.ends.count == 1)
        #expect(request.violations == [])
        check(request)
        request.close()
    }

    @Test func answersAtOnceWithoutATask() async {
        let request = TestRequest(loop, [1, 2, 3])
        plugin.handle("test.echo", request)
        #expect(request.ends == [.response([1, 2, 3], checksum: 99)])
        #expect(!request.isWatched)
        request.close()
    }

    @Test func droppedResponder() async {
        await run(.drop) { #expect($0.ends == [.failed(13, "the handler did not answer")]) }
    }

    @Test func returningWithoutAnAnswer() async {
        await run(.forget) { #expect($0.ends == [.failed(13, "the handler did not answer")]) }
    }

    @Test func thrownServiceErrorKeepsItsCode() async {
        await run(.refuse, "because") { #expect($0.ends == [.failed(10, "because")]) }
    }

    @Test func anyOtherErrorIsInternal() async {
        await run(.throwError) { #expect($0.ends == [.failed(13, "Odd()")]) }
    }

    @Test func pendingResponseFromAnotherThreadCountsOnce() async {
        await run(.elsewhere) { #expect($0.ends == [.response([1, 2, 3], checksum: nil)]) }
    }

    @Test func responderOnAnActor() async {
        await run(.away) { #expect($0.ends == [.response([7], checksum: nil)]) }
    }

    @Test func anErrorIsNotTheAnswerOnceTheResponderWasGivenAway() async {
        let gate = "leave-\(ArticleID.generate())"
        let request = TestRequest(loop, Array(gate.utf8))
        plugin.handle("test.leave", request)
        loop.turn()
        #expect(request.ends == [])
        Gate.named(gate).open()
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.failed(15, "late")])
        #expect(request.violations == [])
        request.close()
    }

    @Test func deadlineAndPeerAreVisible() async {
        let request = TestRequest(loop, deadline: 12345)
        plugin.handle("test.deadline", request)
        #expect(request.ends == [.failed(14, "12345 1000/-1 7")])
        request.close()
        let timeless = TestRequest(loop)
        plugin.handle("test.deadline", timeless)
        #expect(timeless.ends == [.failed(14, "none 1000/-1 7")])
        timeless.close()
    }
}
