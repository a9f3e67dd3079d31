internal import ArticleProtocol
internal import HandlerKit
internal import Synchronization

/// Why nothing can be written any more, until the next start: the disk failed to keep what was written. It is not asked
/// again: a second sync after one that failed may succeed without anything being on disk (fsync(2), "errors").
final class LogFailure: Sendable {
    private struct State {
        var refusal: ServiceError
        var outcome: ServiceError
    }

    private let state = Mutex<State?>(nil)
    private let log: PluginLog

    init(_ log: PluginLog = .none) { self.log = log }

    /// What changes are refused for that were not begun: nothing of them was written. `nil`: all is well.
    var current: ServiceError? { state.withLock { $0?.refusal } }

    /// What is said of changes that were under way: they may be there after the next start, or not. `nil`: all is well.
    var outcome: ServiceError? { state.withLock { $0?.outcome } }

    /// It happened: that is in the journal when this returns. The first one counts.
    func note(_ error: ServiceError) {
        let isFirst = state.withLock { state in
            if state != nil { return false }
            state = State(
                refusal: ServiceError(
                    .unavailable,
                    "\(error.message). Nothing is written any more: check the disk, then restart the service"),
                outcome: ServiceError(
                    .outcomeUnknown,
                    "\(error.message). The change may be there after the next start of the service, or not: look, or make it again where that does no harm"
                ))
            return true
        }
        if isFirst {
            log.error(
                "\(error.message). Nothing is written any more; changes that were under way may be there after the next start, or not. Check the disk, then restart the service"
            )
        }
    }
}
