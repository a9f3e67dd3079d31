// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime

/// Decides whether a long stream is started again where it stopped: after the connection was lost, when the service
/// restarts, or when the service ended the stream at its time limit. It gives up after several failures without
/// progress.
struct Renewal {
    private let attempts: Int
    private let deadline: UInt64
    private let hasAlternatives: Bool
    private var failures = 0

    /// The longest deadline of one stream. The service may allow less.
    static let maxDuration: Duration = .seconds(600)

    init(_ policy: CallPolicy, _ client: ArticleClient) {
        attempts = max(1, client.options.maxAttempts)
        hasAlternatives = client.endpoints.count > 1
        deadline = MonotonicClock.after(policy.deadline)
    }

    /// The policy of the next stream.
    var policy: CallPolicy {
        let now = MonotonicClock.now
        let left = deadline == .max ? Self.maxDuration : .nanoseconds(Int64(clamping: deadline - min(deadline, now)))
        return CallPolicy(deadline: min(left, Self.maxDuration), retry: .idempotent)
    }

    /// The stream made progress: a message arrived that need not be repeated.
    mutating func progressed() { failures = 0 }

    /// Whether to start again after this error.
    ///
    /// - Parameter isIdle: nothing was in flight. Then the end of a stream's time is no failure.
    mutating func allows(_ error: ClientError, isIdle: Bool = false) -> Bool {
        if isIdle, error.kind == .deadline { return MonotonicClock.now < deadline }
        failures += 1
        guard failures < attempts, MonotonicClock.now < deadline else { return false }
        switch error.kind {
        case .connection, .deadline: return true
        case .protocolViolation: return hasAlternatives  // another endpoint need not have the same fault
        case .status: return error.status == .unavailable || error.status == .outcomeUnknown
        default: return false
        }
    }
}
