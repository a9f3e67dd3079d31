// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime
import Synchronization
import Testing

@testable import ArticleServer

@Suite struct BackgroundWorkTests {
    /// What jobs have done, in order.
    private final class Notes: Sendable {
        private let lines = Mutex<[Int]>([])
        let done = LinuxRuntime.Semaphore()

        var all: [Int] { lines.withLock { $0 } }

        /// A job that notes a number.
        func job(_ number: Int) -> BackgroundWork.Job {
            unsafe BackgroundWork.Job(
                run: { notes, number in
                    let notes = unsafe Unmanaged<Notes>.fromOpaque(notes!).takeRetainedValue()
                    notes.lines.withLock { $0.append(Int(bitPattern: number)) }
                    notes.done.signal()
                }, job: Unmanaged.passRetained(self).toOpaque(), context: UnsafeMutableRawPointer(bitPattern: number))
        }
    }

    @Test func jobsWaitForTheStartAndKeepTheirOrder() {
        let work = BackgroundWork(plugin: "test", threads: 1)
        let notes = Notes()
        for number in 1...50 { work.add(notes.job(number)) }
        #expect(!notes.done.wait(nanoseconds: 10_000_000))
        work.open()
        for number in 51...100 { work.add(notes.job(number)) }
        for _ in 1...100 { #expect(notes.done.wait(nanoseconds: 10_000_000_000)) }
        #expect(notes.all == Array(1...100))
        #expect(work.finish(until: MonotonicClock.after(.seconds(10))))
        // There is no one left to run it.
        work.add(notes.job(101))
        #expect(notes.all.count == 100)
    }

    @Test func workIsCountedByName() throws {
        let work = BackgroundWork(plugin: "test", threads: 1)
        #expect(work.usage == nil)
        let (first, second) = (work.begin("follow"), work.begin("follow"))
        #expect(work.usage?.works.map(\.running) == [2])
        BackgroundWork.end(first, ServiceError(.internal, "no space"))
        BackgroundWork.end(first, ServiceError(.internal, "again"))
        let usage = try #require(work.usage)
        #expect(usage.works.map(\.name) == ["follow"])
        #expect(usage.works.map(\.running) == [1])
        #expect(usage.works.map(\.failed) == [1])
        #expect(!work.finish(until: MonotonicClock.now))
        BackgroundWork.end(second, nil)
        #expect(work.finish(until: MonotonicClock.now))
        #expect(work.usage?.works.map(\.failed) == [1])
    }

    /// Made-up names do not fill the memory.
    @Test func namesAreBounded() {
        let work = BackgroundWork(plugin: "test", threads: 1)
        for number in 0..<1000 { BackgroundWork.end(work.begin("\(number)"), nil) }
        #expect(work.usage?.works.count == 64)
    }

    @Test func theServiceDoesNotWaitForJobsThatNeverBegan() {
        let work = BackgroundWork(plugin: "test", threads: 1)
        let notes = Notes()
        work.add(notes.job(1))
        #expect(work.finish(until: MonotonicClock.now))
        #expect(notes.all.isEmpty)
    }

    @Test func aPluginThatNeverEndsIsGivenUp() throws {
        let plugins = try FixturePlugins("never-ends", "greeter")
        let host = try PluginHost.load(plugins.settings, stateDirectory: plugins.directory.path)
        host.attach(NoLoops())
        while host.backgroundUsage().isEmpty { Wait.until(MonotonicClock.after(.milliseconds(1)), readable: []) }
        #expect(host.backgroundUsage().map(\.plugin) == ["never-ends"])
        #expect(!host.stop(within: 50_000_000))
    }

    private final class NoLoops: LoopDirectory {
        var loops: [EventLoop] { [] }
    }
}
