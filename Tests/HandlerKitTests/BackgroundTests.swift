// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Synchronization
import Testing

@testable import HandlerKit

/// Background work of a plugin in Swift.
@Suite struct BackgroundTests {
    private func start(_ work: String) throws -> TestPlugin {
        try unsafe TestPlugin(exportPlugin(Busy.self), configuration: #"{"work": "\#(work)"}"#)
    }

    private func notes(_ work: String) -> [String] { Busy.notes.withLock { $0[work] ?? [] } }

    private func health(_ plugin: TestPlugin) -> (state: UInt32, text: String) {
        var text = [CChar](repeating: 0, count: 256)
        return unsafe text.withUnsafeMutableBufferPointer { text in
            var failure = unsafe articled_failure()
            unsafe failure.size = UInt32(MemoryLayout<articled_failure>.size)
            unsafe failure.message = text.baseAddress
            unsafe failure.capacity = text.count
            let state = unsafe plugin.descriptor.pointee.health(plugin.instance, &failure)
            let message = unsafe String(decoding: UnsafeRawBufferPointer(text)[..<failure.message_size], as: UTF8.self)
            return (state, message)
        }
    }

    /// Waits for a condition that background work brings about: thirty seconds, which only a hang takes.
    private func wait(_ condition: () -> Bool) async throws {
        for _ in 0..<3000 {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(condition())
    }

    @Test func itRunsOnTheHostsThreadsAndCallsMethods() async throws {
        let plugin = try start("calls-once")
        try await wait { ManualHost.works.withLock { $0.contains("end calls-once") } }
        #expect(notes("calls-once") == ["in the background", "A"])
        #expect(ManualHost.madeCalls.contains("other.echo for nobody until 0"))
        #expect(health(plugin).state == UInt32(ARTICLED_HEALTHY))
    }

    @Test func whatFailsIsToldAndStartedAgain() async throws {
        let plugin = try start("fails-once")
        try await wait { health(plugin).state == UInt32(ARTICLED_DEGRADED) }
        #expect(health(plugin).text == "background work \"fails-once\" failed: no space")
        Gate.named("fails-once").open()
        try await wait { ManualHost.works.withLock { $0.contains("end fails-once") } }
        let told = ManualHost.works.withLock { $0.filter { $0.contains("fails-once") } }
        #expect(told == ["begin fails-once", "fail fails-once 8 no space", "begin fails-once", "end fails-once"])
        try await wait { health(plugin).state == UInt32(ARTICLED_HEALTHY) }
    }

    @Test func aStopCancelsIt() async throws {
        let plugin = try start("waits-for-ever")
        try await wait { notes("waits-for-ever").count == 1 }
        unsafe plugin.descriptor.pointee.stop(plugin.instance)
        try await wait { ManualHost.works.withLock { $0.contains("end waits-for-ever") } }
        #expect(notes("waits-for-ever").dropFirst() == ["stop", "cancelled"])
        #expect(health(plugin).state == UInt32(ARTICLED_HEALTHY))
    }

    /// A test of a plugin has no host.
    @Test func withoutAHost() async throws {
        let lines = Mutex<[String]>([])
        let context = PluginContext(log: PluginLog { _, line in lines.withLock { $0.append(line) } })
        let done = Gate()
        context.background("odd") {
            if lines.withLock({ $0.isEmpty }) { throw ServiceError(.internal, "no luck") }
            done.open()
        }
        await done.passed()
        #expect(lines.withLock { $0 } == ["background work \"odd\" failed: no luck"])
        await #expect(throws: ServiceError.self) { try await context.call("other.echo", [1]) }
        context.tasks.stop()
    }

    /// Work pauses for longer each time it fails, and recovers when it has run well for a while.
    @Test func thePauseGrows() async throws {
        let tasks = BackgroundTasks(
            nil, .none, BackgroundTasks.Pace(first: .milliseconds(10), most: .milliseconds(40), well: .milliseconds(50))
        )
        let times = Mutex<[ContinuousClock.Instant]>([])
        tasks.start("odd") {
            let count = times.withLock { times in
                times.append(.now)
                return times.count
            }
            if count < 6 { throw ServiceError(.internal, "no luck") }
            try await Task.sleep(for: .seconds(600))
        }
        try await wait { times.withLock { $0.count } == 6 }
        let all = times.withLock { $0 }
        for (pair, pause) in zip(zip(all, all.dropFirst()), [10, 20, 40, 40, 40]) {
            #expect(pair.1 - pair.0 >= .milliseconds(pause))
        }
        try await wait { tasks.health.state == .healthy }
        tasks.stop()
    }
}
