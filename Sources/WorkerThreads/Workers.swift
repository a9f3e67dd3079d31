// SPDX-License-Identifier: Apache-2.0
package import ArticleProtocol
import Glibc
internal import LinuxRuntime
internal import Synchronization

/// Threads for work that takes too long for an event loop, with a bounded queue.
package final class Workers: Sendable {
    private struct Queue {
        var waiting: [@Sendable () -> Void] = []
        /// The index of the first job that was not taken. Taking a job does not move the others.
        var next = 0
        var isStopped = false
    }

    private let queue = Mutex(Queue())
    private let maxWaiting: Int
    /// For a refused job: "long texts are waiting to be classified".
    private let waiting: String
    private let available = Semaphore()
    private let count: Int

    /// Starts `count` threads.
    ///
    /// - Parameters:
    ///   - name: of the threads, as ps(1) shows it.
    ///   - count: the number of threads.
    ///   - maxWaiting: the most jobs that wait for a thread.
    ///   - waiting: what the waiting jobs are, for the message to a refused one: "texts are waiting to be classified".
    package init(_ name: String, count: Int, maxWaiting: Int, waiting: String) throws(ServiceError) {
        self.maxWaiting = maxWaiting
        self.waiting = waiting
        self.count = count
        for _ in 0..<count {
            do throws(SystemError) {
                try Thread.detach(name) { [self] in work() }
            } catch {
                stop()
                throw ServiceError(.unavailable, "cannot start a thread: \(error.text)")
            }
        }
    }

    /// Runs `body` on a worker thread, and continues on the caller's executor.
    ///
    /// - Throws: `resourceExhausted` if too many jobs are waiting; `cancelled` if the task is cancelled before its
    ///   turn.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async throws(ServiceError) -> Value {
        let job = WorkerJob(body)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard job.wait(continuation) else { return }
                if let refusal = enqueue({ job.run() }) { job.fail(refusal) }
            }
        } onCancel: {
            job.fail(ServiceError(.cancelled, "cancelled before its turn"))
        }
        return try result.get()
    }

    private func enqueue(_ run: @escaping @Sendable () -> Void) -> ServiceError? {
        let refusal: ServiceError? = queue.withLock { queue in
            if queue.isStopped { return ServiceError(.unavailable, "articled is stopping") }
            guard queue.waiting.count - queue.next < maxWaiting else {
                return ServiceError(
                    .resourceExhausted, "\(maxWaiting) \(waiting); try again later")
            }
            queue.waiting.append(run)
            return nil
        }
        if refusal == nil { available.signal() }
        return refusal
    }

    private func work() {
        while true {
            available.wait()
            let (run, isStopped) = queue.withLock { queue -> ((@Sendable () -> Void)?, Bool) in
                guard queue.next < queue.waiting.count else { return (nil, queue.isStopped) }
                let run = queue.waiting[queue.next]
                queue.next += 1
                if queue.next * 2 > queue.waiting.count {
                    queue.waiting.removeSubrange(..<queue.next)
                    queue.next = 0
                }
                return (run, false)
            }
            if isStopped { return }
            run?()
        }
    }

    /// Ends the threads, after the jobs that are still waiting.
    package func stop() {
        queue.withLock { $0.isStopped = true }
        for _ in 0..<count { available.signal() }
    }
}

/// A job for a worker thread, and the task that waits for it.
///
/// A cancellation, a refusal and the job itself may race. Whoever takes the continuation first resumes it; the others
/// find nothing to do.
final class WorkerJob<Value: Sendable>: Sendable {
    private enum State {
        case created
        case waiting(CheckedContinuation<Result<Value, ServiceError>, Never>)
        /// Failed before the task waited, by an early cancellation.
        case failed(ServiceError)
        case ended
    }

    private let state = Mutex(State.created)
    private let body: @Sendable () -> Value

    init(_ body: @escaping @Sendable () -> Value) { self.body = body }

    /// Stores the continuation. Returns `false` if the job has already failed; then it was resumed.
    func wait(_ continuation: CheckedContinuation<Result<Value, ServiceError>, Never>) -> Bool {
        let failure: ServiceError? = state.withLock { state in
            if case .failed(let error) = state {
                state = .ended
                return error
            }
            state = .waiting(continuation)
            return nil
        }
        guard let failure else { return true }
        continuation.resume(returning: .failure(failure))
        return false
    }

    /// Does the work, unless nobody is waiting for it.
    func run() {
        guard let continuation = takeContinuation() else { return }
        continuation.resume(returning: .success(body()))
    }

    /// Ends the job without doing it, unless it has begun.
    func fail(_ error: ServiceError) {
        let continuation = state.withLock { state -> CheckedContinuation<Result<Value, ServiceError>, Never>? in
            switch state {
            case .created: state = .failed(error)
            case .waiting(let continuation):
                state = .ended
                return continuation
            case .failed, .ended: break
            }
            return nil
        }
        continuation?.resume(returning: .failure(error))
    }

    private func takeContinuation() -> CheckedContinuation<Result<Value, ServiceError>, Never>? {
        state.withLock { state in
            guard case .waiting(let continuation) = state else { return nil }
            state = .ended
            return continuation
        }
    }
}
