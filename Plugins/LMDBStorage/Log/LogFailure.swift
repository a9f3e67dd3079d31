internal import ArticleProtocol
internal import Synchronization

/// Why nothing can be written any more, until the next start: the disk failed to keep what was written. It is not asked
/// again: a second sync after one that failed may succeed without anything being on disk (fsync(2), "errors").
final class LogFailure: Sendable {
    private let state = Mutex<ServiceError?>(nil)

    /// `nil`: all is well.
    var current: ServiceError? { state.withLock { $0 } }

    /// It happened. The first one counts.
    func note(_ error: ServiceError) {
        state.withLock { state in
            if state != nil { return }
            state = ServiceError(
                .unavailable,
                "\(error.message). Nothing is written any more; changes that were under way may be there after the next start, or not. Check the disk, then restart the service"
            )
        }
    }
}
