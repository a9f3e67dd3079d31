// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime
import Synchronization
import Testing

@testable import WorkerThreads

@Suite struct WorkersTests {
    /// Blocks the only worker until it is released.
    private final class Gate: Sendable {
        private let entered = AsyncStream<Void>.makeStream()
        let left = Semaphore()

        /// Waits without blocking a thread that the worker's task may need.
        func isEntered() async {
            for await _ in entered.stream { return }
        }

        func pass() {
            entered.continuation.yield()
            left.wait()
        }
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        var isRaised: Bool { value.load(ordering: .relaxed) }
        func raise() { value.store(true, ordering: .relaxed) }
    }

    private func code(of task: Task<Int, any Error>) async -> StatusCode? {
        do {
            _ = try await task.value
            return nil
        } catch {
            return (error as? ServiceError)?.code
        }
    }

    @Test func workRunsOnAnotherThreadAndReturnsItsValue() async throws {
        let workers = try Workers("test", count: 2, maxWaiting: 100, waiting: "jobs are waiting")
        defer { workers.stop() }
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...50 { group.addTask { try await workers.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 1275)
    }

    @Test func jobsBeyondTheQueueAreRefused() async throws {
        let workers = try Workers("test", count: 1, maxWaiting: 1, waiting: "jobs are waiting")
        let gate = Gate()
        let held = Task { try await workers.run { gate.pass() } }
        await gate.isEntered()
        // One may wait. Of two that arrive, either is refused.
        let tasks = (0..<2).map { number in Task { () throws -> Int in try await workers.run { number } } }
        let codes = await withTaskGroup(of: StatusCode?.self) { group in
            for task in tasks { group.addTask { await code(of: task) } }
            var codes: [StatusCode] = []
            for await code in group {
                if let code {
                    codes.append(code)
                    gate.left.signal()
                }
            }
            return codes
        }
        #expect(codes == [.resourceExhausted])
        try await held.value
        workers.stop()
    }

    @Test func aCancelledTaskDoesNotWaitForItsTurn() async throws {
        let workers = try Workers("test", count: 1, maxWaiting: 10, waiting: "jobs are waiting")
        let gate = Gate()
        let held = Task { try await workers.run { gate.pass() } }
        await gate.isEntered()
        let ran = Flag()
        let waiting = Task { () throws -> Int in
            try await workers.run {
                ran.raise()
                return 1
            }
        }
        waiting.cancel()
        #expect(await code(of: waiting) == .cancelled)
        gate.left.signal()
        try await held.value
        // The next job shows that the cancelled one was skipped.
        _ = try await workers.run { 0 }
        #expect(!ran.isRaised)
        workers.stop()
    }

    @Test func jobsAreRefusedAfterAStop() async throws {
        let workers = try Workers("test", count: 1, maxWaiting: 10, waiting: "jobs are waiting")
        workers.stop()
        #expect(await code(of: Task { try await workers.run { 1 } }) == .unavailable)
    }
}
