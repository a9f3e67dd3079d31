internal import ArticleProtocol
internal import Synchronization

/// Several changes of one C call, whose results are told together.
final class WriteBatch: Sendable {
    private let done: WriteDone
    private let state: Mutex<State>

    private struct State {
        var results: [WriteResult]
        var left: Int
    }

    init(_ count: Int, _ done: WriteDone) {
        let unknown = WriteResult(.refused(.unanswered), id: .zero)
        self.done = done
        self.state = Mutex(State(results: Array(repeating: unknown, count: count), left: count))
    }

    /// One change is on disk or refused; the last one tells.
    func finish(_ index: Int, _ result: WriteResult) {
        let all = state.withLock { state -> [WriteResult]? in
            state.results[index] = result
            state.left -= 1
            return state.left == 0 ? state.results : nil
        }
        if let all { done(all) }
    }

    /// No change can be made.
    func refuseAll(_ error: ServiceError) {
        done(state.withLock { $0.results.map { _ in WriteResult(.refused(error), id: .zero) } })
    }
}
