internal import ArticleProtocol
internal import Synchronization

/// One piece of work for a worker thread, and the task that waits for it.
///
/// A cancellation, a refusal and the work itself may come at the same time: whoever takes the continuation first
/// resumes it, and the others find nothing to do.
final class WorkerJob<Value: Sendable>: Sendable {
    private enum State {
        case created
        case waiting(CheckedContinuation<Result<Value, ServiceError>, Never>)
        /// Failed before the task waited: a cancellation that came early.
        case failed(ServiceError)
        case ended
    }

    private let state = Mutex(State.created)
    private let body: @Sendable () -> Value

    init(_ body: @escaping @Sendable () -> Value) { self.body = body }

    /// Keeps the continuation. `false` if the job has failed already: it is resumed then.
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

    /// Does the work, unless nobody waits for it any more.
    func run() {
        guard let continuation = takeContinuation() else { return }
        continuation.resume(returning: .success(body()))
    }

    /// Ends the job without doing it, unless it was begun.
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
