internal import CLinux
internal import Glibc

/// Waiting for descriptors: poll(2). For the main thread; event loops have their own way.
public enum Wait {
    /// CLOCK_MONOTONIC, nanoseconds.
    public static var now: UInt64 { clinux_now() }

    /// Waits until one of the descriptors is readable, or until the time.
    public static func until(_ deadline: UInt64, readable descriptors: [Int32]) {
        var watched = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let now = clinux_now()
        // Rounded up: one that rounds down spins through its last millisecond. At most a day, for poll's sake.
        let left = deadline > now ? min(deadline - now, 86_400_000_000_000) / 1_000_000 + 1 : 0
        _ = unsafe poll(&watched, nfds_t(watched.count), Int32(clamping: left))
    }
}
