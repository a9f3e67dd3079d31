internal import ArticleProtocol

/// The limits of a service. All are configurable; the defaults suit a machine that has other things to do.
public struct ServiceLimits: Sendable, Equatable {
    public var maxConnections = 4096
    /// Bytes of a frame's payload.
    public var maxFrame = Limits.maxFrame
    /// Requests in flight on one connection, and in all.
    public var maxInFlight = 1024
    public var maxInFlightTotal = 65536
    /// Bytes buffered for all connections together.
    public var maxBufferedTotal = 512 << 20
    /// Credit of a request stream at its start, bytes.
    public var streamWindow = Limits.streamWindow
    public var helloTimeoutMilliseconds = 10_000
    /// 0: none.
    public var idleTimeoutMilliseconds = 0
    public var defaultDeadlineMilliseconds = 60_000
    public var maxDeadlineMilliseconds = 600_000
    public var drainTimeoutMilliseconds = 30_000

    public init() {}

    var helloTimeoutNanoseconds: UInt64 { UInt64(clamping: helloTimeoutMilliseconds) &* 1_000_000 }
    var idleTimeoutNanoseconds: UInt64 { UInt64(clamping: idleTimeoutMilliseconds) &* 1_000_000 }
    var defaultDeadlineNanoseconds: UInt64 { UInt64(clamping: defaultDeadlineMilliseconds) &* 1_000_000 }
    var maxDeadlineNanoseconds: UInt64 { UInt64(clamping: maxDeadlineMilliseconds) &* 1_000_000 }
}
