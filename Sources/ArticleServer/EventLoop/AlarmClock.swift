internal import CLinux

/// Ends the waiting of an event loop at a given time: timerfd_create(2).
///
/// A time-out given to epoll_wait(2) is set and taken back with every turn, which in a virtual machine costs a busy loop
/// more than all else it does for the clock. This one is set when an earlier time comes up, and else left alone: it may
/// ring in vain, seldom.
/// A class, so that its loop can hold it by `let`: access to a variable of the loop's would be checked with every turn.
final class AlarmClock {
    /// Readable when it has rung.
    let descriptor: Int32
    private var time = UInt64.max

    init() throws(SystemError) {
        descriptor = clinux_timerfd()
        guard descriptor >= 0 else { throw SystemError("timerfd_create") }
    }

    deinit { SystemCall.close(descriptor) }

    /// Rings at `time` (CLOCK_MONOTONIC, nanoseconds; `.max`: never) at the latest.
    func ring(by time: UInt64) {
        guard time < self.time else { return }
        self.time = time
        _ = clinux_timerfd_set(descriptor, time)
    }

    /// It has rung: falls silent until it is set anew.
    func silence() {
        time = .max
        _ = clinux_timerfd_set(descriptor, time)
    }
}
