import ArticleProtocol
import LinuxRuntime

/// When a long stream is begun again where it stopped: the connection was lost, the service is being restarted, or it
/// ended the stream at its own time limit. Not for ever without progress.
struct Renewal {
    private let attempts: Int
    private let deadline: UInt64
    private var fruitless = 0

    /// How long one stream may take, unless the caller's deadline comes first; the service may allow less.
    static let stretch: Duration = .seconds(600)

    init(_ policy: CallPolicy, _ options: ClientOptions) {
        attempts = max(1, options.attempts)
        deadline = MonotonicClock.after(policy.deadline)
    }

    /// For the next stream.
    var policy: CallPolicy {
        let now = MonotonicClock.now
        let left = deadline == .max ? Self.stretch : .nanoseconds(Int64(clamping: deadline - min(deadline, now)))
        return CallPolicy(deadline: min(left, Self.stretch), retry: .idempotent)
    }

    /// Something was received that need not be received again.
    mutating func progressed() { fruitless = 0 }

    /// Whether to begin again after this error.
    mutating func allows(_ error: ClientError) -> Bool {
        fruitless += 1
        guard fruitless < attempts, MonotonicClock.now < deadline else { return false }
        switch error.kind {
        case .connection, .deadline: return true
        case .status: return error.status == .unavailable || error.status == .outcomeUnknown
        default: return false
        }
    }
}
