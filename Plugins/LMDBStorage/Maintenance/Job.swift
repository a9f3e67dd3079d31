// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Long-running work on a thread of the engine. One call starts it, and any number of calls watch it, so no call has
/// to last as long as the work.
///
/// It is stopped when its last watcher cancels or disconnects, or when no one has watched it for a while. A watcher
/// whose deadline passes is expected to return.
final class Job<Progress: Sendable>: Sendable {
    /// What watchers receive.
    enum Update: Sendable {
        case progress(Progress)
        /// The last progress, with the result.
        case done(Progress)
        case failed(ServiceError)
    }

    private struct State {
        var update: Update?
        /// Counts updates, so that a watcher knows what it has seen.
        var version = 0
        var isOver = false
        var stop: ServiceError?
        var watchers = 0
        var lastWatched = MonotonicClock.now
        var lastPublished: UInt64 = 0
        var waiting: [CheckedContinuation<Void, Never>] = []

        mutating func publish(_ update: Update, isOver: Bool = false) -> [CheckedContinuation<Void, Never>] {
            self.update = update
            self.isOver = isOver
            version += 1
            defer { waiting = [] }
            return waiting
        }
    }

    /// In nanoseconds.
    private static var interval: UInt64 { 200_000_000 }
    private static var patience: UInt64 { 30_000_000_000 }

    let number: UInt64
    private let state = Mutex(State())

    /// - Parameter first: what watchers receive at once, so that they know the number however late the work begins.
    init(_ number: UInt64, _ first: Progress) {
        self.number = number
        _ = state.withLock { $0.publish(.progress(first)) }
    }

    var isOver: Bool { state.withLock { $0.isOver } }

    /// Whether another watcher would see its end. Throws `unavailable`, which makes clients retry, while it is being
    /// cancelled.
    func isJoinable() throws(ServiceError) -> Bool {
        let (isOver, isStopping) = state.withLock { ($0.isOver, $0.stop != nil) }
        if isStopping, !isOver { throw ServiceError(.unavailable, "the cancelled job is still ending: retry") }
        return !isOver
    }

    // MARK: The worker

    /// Throws if the work has to end early.
    func checkStop() throws(ServiceError) {
        let stop: ServiceError? = state.withLock { state in
            if let stop = state.stop { return stop }
            let isLeft =
                state.watchers == 0
                && MonotonicClock.elapsed(from: state.lastWatched, to: MonotonicClock.now) > Self.patience
            return isLeft ? ServiceError(.cancelled, "no client has watched it for 30 seconds") : nil
        }
        if let stop { throw stop }
    }

    /// Tells the watchers how far the work is, a few times per second at most.
    func report(_ progress: @autoclosure () -> Progress) throws(ServiceError) {
        try checkStop()
        let now = MonotonicClock.now
        let isDue = state.withLock { state in
            let isDue = MonotonicClock.elapsed(from: state.lastPublished, to: now) >= Self.interval
            if isDue { state.lastPublished = now }
            return isDue
        }
        guard isDue else { return }
        let update = Update.progress(progress())
        for waiting in state.withLock({ $0.publish(update) }) { waiting.resume() }
    }

    /// Ends the job.
    func end(_ result: Result<Progress, ServiceError>) {
        let update: Update =
            switch result {
            case .success(let progress): .done(progress)
            case .failure(let error): .failed(error)
            }
        for waiting in state.withLock({ $0.publish(update, isOver: true) }) { waiting.resume() }
    }

    // MARK: Watchers

    /// Ends the work soon, and tells the watchers why.
    func stop(_ reason: ServiceError) { state.withLock { $0.stop = $0.stop ?? reason } }

    func addWatcher() { state.withLock { $0.watchers += 1 } }

    /// - Parameter mayReturn: another call may continue to watch.
    func removeWatcher(mayReturn: Bool) {
        state.withLock { state in
            state.watchers -= 1
            state.lastWatched = MonotonicClock.now
            guard state.watchers == 0, !mayReturn, !state.isOver else { return }
            state.stop = state.stop ?? ServiceError(.cancelled, "the client that requested it is gone")
        }
    }

    /// Waits for an update that the watcher has not seen; `nil` if its task is cancelled first.
    func nextUpdate(after version: Int) async -> (Update, version: Int)? {
        while !Task.isCancelled {
            let found = state.withLock { state in
                state.update.flatMap { state.version > version ? ($0, state.version) : nil }
            }
            if let found { return found }
            await wait(after: version)
        }
        return nil
    }

    // A cancellation is either seen under the lock, or finds the continuation in the list.
    private func wait(after version: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    let waits = state.version <= version && !Task.isCancelled
                    if waits { state.waiting.append(continuation) }
                    return waits
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            // The other watchers check again, and wait again.
            let all = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            for waiting in all { waiting.resume() }
        }
    }
}

extension Job where Progress: ProtocolMessage {
    /// How long before its deadline a call's stream ends without a result. It is a fraction of a short call, so that
    /// a watcher that returns at once still has something to wait for.
    private static func margin(_ call: Call) -> Duration { min(.seconds(2), (call.deadline?.remaining ?? .zero) / 4) }

    /// Streams updates to a call, until the job ends or the call's deadline is near.
    func watch(_ call: Call, _ responder: consuming Responder) async throws(ServiceError) {
        addWatcher()
        do throws(ServiceError) {
            try await stream(call, responder)
        } catch {
            removeWatcher(mayReturn: error.code == .deadlineExceeded)
            throw error
        }
        removeWatcher(mayReturn: true)
    }

    private func stream(_ call: Call, _ responder: consuming Responder) async throws(ServiceError) {
        var seen = 0
        let margin = Self.margin(call)
        while let (update, version) = await nextUpdate(after: seen) {
            seen = version
            switch update {
            case .failed(let error): throw error
            case .done(let progress):
                try await responder.send(progress)
                return responder.finish()
            case .progress(let progress):
                try await responder.send(progress)
                if let deadline = call.deadline, deadline.remaining < margin { return responder.finish() }
            }
        }
        throw call.cancellation ?? ServiceError(.cancelled, "the call was cancelled")
    }
}
