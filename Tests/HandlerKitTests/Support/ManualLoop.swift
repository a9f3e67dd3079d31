// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// An event loop that runs only when the test says so. Its thread is whichever one is inside `enter`.
///
/// Waiting for a job suspends and does not block a thread: handlers and tests share the threads.
final class ManualLoop: Sendable {
    typealias Job = @Sendable () -> Void

    private struct State {
        var thread: pthread_t?
        var jobs: [Job] = []
        var hasExpired = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    var isCurrent: Bool { state.withLock { $0.thread == pthread_self() } }

    /// Runs `body` as the loop's thread.
    func enter<Result>(_ body: () -> Result) -> Result {
        let before = state.withLock { state in
            defer { state.thread = pthread_self() }
            return state.thread
        }
        defer { state.withLock { $0.thread = before } }
        return body()
    }

    /// From any thread.
    func schedule(_ job: @escaping Job) {
        let waiting = state.withLock { state in
            state.jobs.append(job)
            return state.waiting.take()
        }
        waiting?.resume()
    }

    /// Runs scheduled jobs, including those that they schedule.
    func turn() {
        enter {
            while let job = state.withLock({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) { job() }
        }
    }

    /// Runs until `condition` holds. Returns `false` if it does not within thirty seconds, which only a hang takes.
    func turn(until condition: () -> Bool) async -> Bool {
        let limit = Task {
            try await Task.sleep(for: .seconds(30))
            state.withLock { $0.hasExpired = true }
            schedule {}
        }
        defer { limit.cancel() }
        while true {
            turn()
            if condition() { return true }
            if state.withLock({ $0.hasExpired }) { return false }
            await withCheckedContinuation { continuation in
                let isIdle = state.withLock { state in
                    if state.jobs.isEmpty { state.waiting = continuation }
                    return state.jobs.isEmpty
                }
                if !isIdle { continuation.resume() }
            }
        }
    }
}
