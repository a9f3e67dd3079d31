import LinuxRuntime
import Synchronization
import Testing

@testable import ArticleServer

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
