import ArticleProtocol
import Testing

@testable import ArticleServer

/// What a loop is found to be doing by other threads.
@Suite struct ActivityTests {
    @Test func oneWithinTheOther() {
        let activity = Activity()
        #expect(activity.current == nil)
        let outer = activity.enter(method: 3, at: 1 << 20)
        #expect(activity.current?.work == .method(3))
        #expect(activity.current?.since == 1 << 20)
        let inner = activity.enter(job: 4711, at: 2 << 20)
        #expect(activity.current?.work == .job(4711))
        activity.leave(inner)
        #expect(activity.current?.work == .method(3))
        #expect(activity.current?.since == 1 << 20)
        activity.leave(outer)
        #expect(activity.current == nil)
    }

    /// Jobs that schedule each other leave connections their turn.
    @Test func jobsDoNotStarveConnections() throws {
        final class Chain {
            let loop: EventLoop
            var count = 0
            var isOver = false
            init(_ loop: EventLoop) { self.loop = loop }

            func run() {
                count += 1
                guard !isOver, count < 100_000_000 else { return }
                let job = unsafe Inbox.Job(
                    run: { chain, _ in unsafe Unmanaged<Chain>.fromOpaque(chain!).takeUnretainedValue().run() },
                    job: Unmanaged.passUnretained(self).toOpaque(), context: nil)
                loop.schedule(job)
            }
        }
        let harness = try ConnectionHarness()
        let chain = Chain(harness.loop)
        harness.loop.becomeCurrent()
        chain.run()
        harness.loop.turn()
        try harness.send([WireFrame(kind: .ping, payload: [1])])
        #expect(try harness.receive(turns: 3).map(\.kind) == [.pong])
        #expect(chain.count > 1 && chain.count < 100_000_000, "the chain goes on")
        chain.isOver = true
        harness.loop.turn()
    }
}
