// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime
import Synchronization
import Testing

@testable import ArticleServer

/// What other threads see a loop do.
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

    /// Jobs that schedule each other do not starve connections.
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

@Suite struct InboxTests {
    @Test func jobsOfManyThreadsAreAllRunInEachThreadsOrder() async throws {
        let inbox = try Inbox()
        let seen = Mutex<[Int: [Int]]>([:])
        let threads = try (0..<4).map { thread in
            try Thread("adds") {
                for number in 0..<1000 { inbox.add { seen.withLock { $0[thread, default: []].append(number) } } }
            }
        }
        var jobs: [Inbox.Job] = []
        while seen.withLock({ $0.values.map(\.count).reduce(0, +) }) < 4000 {
            try #require(inbox.wait(until: MonotonicClock.after(.seconds(10))))
            inbox.take(&jobs)
            for job in jobs { unsafe job.run(job.job, job.context) }
        }
        for thread in threads { thread.join() }
        for thread in 0..<4 { #expect(seen.withLock { $0[thread] } == Array(0..<1000)) }
    }

    @Test func waitingEndsWithoutAJob() throws {
        #expect(try !Inbox().wait(until: MonotonicClock.after(.milliseconds(1))))
    }
}
