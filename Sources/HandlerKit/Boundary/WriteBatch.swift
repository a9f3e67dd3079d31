internal import ArticleProtocol
internal import CPluginABI
internal import Synchronization

/// Several changes of one C call, whose results are told together.
///
/// Sendable although it holds a pointer: the caller of the C function says that `done` may come from any thread, and
/// nothing but `done` is done with its context.
@safe
final class WriteBatch: @unchecked Sendable {
    typealias Done = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<articled_written>?, Int) -> Void

    private let done: Done
    private let context: UnsafeMutableRawPointer?
    private let state: Mutex<State>

    private struct State {
        var results: [WriteResult]
        var left: Int
    }

    init(_ count: Int, _ done: @escaping Done, _ context: UnsafeMutableRawPointer?) {
        let unknown = WriteResult(.refused(.unanswered), id: .zero)
        unsafe self.done = done
        unsafe self.context = context
        self.state = Mutex(State(results: Array(repeating: unknown, count: count), left: count))
    }

    /// One change is on disk or refused; the last one tells.
    func finish(_ index: Int, _ result: WriteResult) {
        let all = state.withLock { state -> [WriteResult]? in
            state.results[index] = result
            state.left -= 1
            return state.left == 0 ? state.results : nil
        }
        if let all { tell(all) }
    }

    /// No change can be made.
    func refuseAll(_ error: ServiceError) {
        tell(state.withLock { $0.results.map { _ in WriteResult(.refused(error), id: .zero) } })
    }

    private func tell(_ results: [WriteResult]) {
        unsafe WriteResult.withC(results) { unsafe done(context, $0, $1) }
    }
}
