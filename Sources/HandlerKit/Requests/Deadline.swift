internal import Glibc

/// When a request's answer is of no use any more.
public struct Deadline: Sendable, Comparable {
    /// CLOCK_MONOTONIC of clock_gettime(2), in nanoseconds.
    public let nanoseconds: UInt64

    /// A point of CLOCK_MONOTONIC, in nanoseconds.
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// The present.
    public static var now: Deadline {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        // The kernel's monotonic clock is never negative and takes 584 years to fill 64 bits. That of a library which
        // fakes the time may be negative: then it is as articled itself reads it.
        return Deadline(
            nanoseconds: UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000
                &+ UInt64(truncatingIfNeeded: time.tv_nsec))
    }

    /// Whether it is too late.
    public var hasPassed: Bool { self <= .now }

    /// How long there is still; zero if it has passed.
    public var remaining: Duration {
        let now = Deadline.now
        return now < self ? .nanoseconds(Int64(clamping: nanoseconds - now.nanoseconds)) : .zero
    }

    /// Earlier comes first.
    public static func < (a: Deadline, b: Deadline) -> Bool { a.nanoseconds < b.nanoseconds }
}
