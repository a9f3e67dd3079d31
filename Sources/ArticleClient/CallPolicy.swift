/// What one call wants that differs from the client's ``ClientOptions``.
public struct CallPolicy: Sendable {
    /// From now on; sent to the service, which stops work when it passes, and enforced here. `nil`: ``ClientOptions/deadline``.
    public var deadline: Duration?
    public var retry: Retry

    public init(deadline: Duration? = nil, retry: Retry = .automatic) {
        self.deadline = deadline
        self.retry = retry
    }
}

/// Whether a call is sent again after the connection was lost before the answer came, or after the answer OUTCOME_UNKNOWN. A
/// request that was not sent whole, or was answered with UNAVAILABLE or RESOURCE_EXHAUSTED, was not carried out and is always
/// sent again, up to ``ClientOptions/attempts`` times. The question is what happens to one that may have been.
public enum Retry: Sendable, Hashable {
    /// If the service's table of methods says that the method is idempotent.
    case automatic
    /// Carrying it out twice does no harm: the caller knows.
    case idempotent
    /// Never: the caller wants to know of the doubt (``ClientError/mayHaveRun``).
    case never
}
