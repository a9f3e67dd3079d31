import CLinux

/// CLOCK_MONOTONIC in nanoseconds, as everything here that waits counts it.
enum Clock {
    static var now: UInt64 { clinux_now() }

    /// The time at which `duration` from now has passed; `UInt64.max`: never.
    static func after(_ duration: Duration?) -> UInt64 {
        guard let duration else { return .max }
        let (sum, overflow) = now.addingReportingOverflow(duration.nanoseconds)
        return overflow ? .max : sum
    }
}
