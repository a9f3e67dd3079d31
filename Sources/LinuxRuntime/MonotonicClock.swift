// SPDX-License-Identifier: Apache-2.0
public import CLinux

/// CLOCK_MONOTONIC of clock_gettime(2). All times are points of this clock in nanoseconds; `UInt64.max` is "never".
public enum MonotonicClock {
    /// The present.
    @inlinable public static var now: UInt64 { clinux_now() }

    /// The time when so many nanoseconds from now have passed.
    public static func after(nanoseconds: UInt64) -> UInt64 {
        let (sum, overflow) = now.addingReportingOverflow(nanoseconds)
        return overflow ? .max : sum
    }

    /// The time when `duration` from now has passed. `nil` is never.
    public static func after(_ duration: Duration?) -> UInt64 {
        duration.map { after(nanoseconds: $0.nanoseconds) } ?? .max
    }

    /// The nanoseconds from `start` to `end`. 0 if `start` is later, as it may be when two threads read the clock.
    @inlinable public static func elapsed(from start: UInt64, to end: UInt64) -> UInt64 { clinux_elapsed(start, end) }

    /// The nanoseconds until `time`; 0 if it has passed.
    public static func remaining(until time: UInt64) -> UInt64 { elapsed(from: now, to: time) }

    /// The time-out that poll(2) and epoll_wait(2) need to wait until `time`: milliseconds, -1 for never.
    ///
    /// Rounded up: a time-out that is rounded down makes its caller spin through the last millisecond.
    public static func pollTimeout(until time: UInt64) -> Int32 {
        guard time != .max else { return -1 }
        let remaining = remaining(until: time)
        return remaining == 0 ? 0 : Int32(clamping: remaining / 1_000_000 + 1)
    }
}

extension Duration {
    /// At least 0 and at most what an Int64 holds, which is 292 years.
    public var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return UInt64(overflow || carry ? Int64.max : sum)
    }
}
