internal import CLinux

/// A point in time that several waits share.
struct Deadline: Sendable {
    /// CLOCK_MONOTONIC
    let nanoseconds: UInt64

    /// So long from now.
    init(nanoseconds: UInt64) {
        let (sum, isOver) = clinux_now().addingReportingOverflow(nanoseconds)
        self.nanoseconds = isOver ? .max : sum
    }

    /// Until then; 0 if it has passed.
    var left: UInt64 {
        let now = clinux_now()
        return nanoseconds > now ? nanoseconds - now : 0
    }
}
