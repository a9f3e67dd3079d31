// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Synchronization

/// A piece of background work that was started.
public struct BackgroundWork: Sendable {
    private let number: UInt64
    private let tasks: BackgroundTasks

    init(_ number: UInt64, _ tasks: BackgroundTasks) {
        self.number = number
        self.tasks = tasks
    }

    /// Cancels the task that it runs in, and does not wait for its end. May be called on any thread, more than once.
    public func cancel() { tasks.cancel(number) }
}

/// The background work of one plugin: runs each body in a task, restarts it if it fails, and cancels it when the plugin
/// stops.
final class BackgroundTasks: Sendable {
    typealias Body = @Sendable () async throws -> Void

    /// When work that has failed is started again: after `first`, then after twice as long each time, up to `most`. Work
    /// that runs for `well` has recovered.
    struct Pace: Sendable {
        var first: Duration = .seconds(1)
        var most: Duration = .seconds(60)
        var well: Duration = .seconds(60)
    }

    /// Where the tasks run: on the host's background threads, or on the global executor if there is no host.
    private let host: Host?
    private let executor: BackgroundExecutor?
    private let log: PluginLog
    private let pace: Pace
    private let state = Mutex(State())

    private struct State {
        var isDraining = false
        var isStopped = false
        var lastNumber: UInt64 = 0
        var tasks: [UInt64: Task<Void, Never>] = [:]
        var failed: [UInt64: Failure] = [:]
    }

    private struct Failure {
        let name: String
        let text: String
        /// When the work was started again.
        var restarted: ContinuousClock.Instant?
    }

    init(_ host: Host?, _ log: PluginLog, _ pace: Pace = Pace()) {
        self.host = host
        self.log = log
        self.pace = pace
        executor = host.map { BackgroundExecutor.immortal($0) }
    }

    /// Starts a piece of work. Does nothing once the plugin has stopped.
    @discardableResult
    func start(_ name: String, _ body: @escaping Body) -> BackgroundWork {
        state.withLock { state in
            state.lastNumber += 1
            let number = state.lastNumber
            guard !state.isStopped else { return BackgroundWork(number, self) }
            // The task cannot end before it is in the table: it needs the lock for that.
            state.tasks[number] = Task(executorPreference: executor) { [self] in
                await supervise(number, name, body)
                self.state.withLock { $0.tasks[number] = nil }
            }
            return BackgroundWork(number, self)
        }
    }

    /// The service is stopping. Calls of other plugins' methods fail from now on, so work that fails has ended.
    func drain() { state.withLock { $0.isDraining = true } }

    /// Cancels one piece of work. Its failure, if it has failed, is forgotten.
    fileprivate func cancel(_ number: UInt64) {
        let task = state.withLock { state in
            state.failed[number] = nil
            return state.tasks[number]
        }
        task?.cancel()
    }

    /// Cancels all work, and does not wait for it.
    func stop() {
        let tasks = state.withLock { state in
            state.isStopped = true
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
    }

    /// Degraded while work that has failed has not recovered.
    var health: Health {
        let now = ContinuousClock.now
        let failed = state.withLock { state in
            state.failed.sorted { $0.key < $1.key }.map(\.value).filter { failure in
                failure.restarted.map { now - $0 < pace.well } ?? true
            }
        }
        guard !failed.isEmpty else { return .healthy }
        return Health(
            .degraded, failed.map { "background work \"\($0.name)\" failed: \($0.text)" }.joined(separator: "; "))
    }

    private func supervise(_ number: UInt64, _ name: String, _ body: Body) async {
        var pause = pace.first
        while !Task.isCancelled {
            let began = ContinuousClock.now
            guard let error = await run(name, body), !Task.isCancelled else {
                return state.withLock { $0.failed[number] = nil }
            }
            if ContinuousClock.now - began >= pace.well { pause = pace.first }
            state.withLock { $0.failed[number] = Failure(name: name, text: error.message) }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, pace.most)
            state.withLock { $0.failed[number]?.restarted = ContinuousClock.now }
        }
    }

    /// Runs the work once.
    ///
    /// - Returns: why it failed; nil if it has finished, or was cancelled.
    private func run(_ name: String, _ body: Body) async -> ServiceError? {
        let work = host?.beginWork(name)
        var failure: ServiceError?
        do {
            try await body()
        } catch {
            // What a cancelled task throws is how it ends.
            if !Task.isCancelled, !state.withLock({ $0.isDraining }) {
                failure = error as? ServiceError ?? ServiceError(.internal, "\(error)")
            }
        }
        if let host, let work {
            host.endWork(work, failure)
        } else if let failure {
            log.error("background work \"\(name)\" failed: \(failure.message)")
        }
        return failure
    }
}
