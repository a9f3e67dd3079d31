internal import Glibc
internal import Synchronization

extension ArticleID {
    /// The last time stamp and counter that were given out: 48 bits of milliseconds, 12 bits that count within one.
    private static let last = Mutex<UInt64>(0)

    /// A new identity. Within a process each is greater than the one before, whatever the clock does (RFC 9562,
    /// section 6.2, method 1).
    public static func generate() -> ArticleID {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let milliseconds = UInt64(max(0, time.tv_sec)) * 1000 + UInt64(time.tv_nsec) / 1_000_000
        let stamp = last.withLock { last in
            last = max(last + 1, milliseconds << 12)
            return last
        }
        let random = UInt64.random(in: 0..<1 << 62)
        return ArticleID(high: (stamp >> 12) << 16 | 7 << 12 | stamp & 0xfff, low: 2 << 62 | random)
    }
}
