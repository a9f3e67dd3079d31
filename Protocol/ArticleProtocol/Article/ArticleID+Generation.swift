internal import Glibc
internal import Synchronization

extension ArticleID {
    /// What new identities are made of.
    private struct Source {
        /// The last time stamp and counter that were given out: 48 bits of milliseconds, 12 bits that count within one.
        var last: UInt64 = 0
        /// Random numbers that are not used yet. The kernel is asked for many at once: one costs as much as all of them.
        var random: [UInt64] = []
    }

    private static let source = Mutex(Source())

    /// A new identity. Within a process each is greater than the one before, whatever the clock does (RFC 9562,
    /// section 6.2, method 1).
    public static func generate() -> ArticleID {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let milliseconds = UInt64(max(0, time.tv_sec)) * 1000 + UInt64(time.tv_nsec) / 1_000_000
        let (stamp, random) = source.withLock { source in
            source.last = max(source.last + 1, milliseconds << 12)
            if source.random.isEmpty { source.random = randomNumbers() }
            return (source.last, source.random.popLast() ?? .random(in: 0 ... .max))
        }
        return ArticleID(high: (stamp >> 12) << 16 | 7 << 12 | stamp & 0xfff, low: 2 << 62 | random >> 2)
    }

    /// As many as getentropy(3) gives in one call; none if the kernel has none to give.
    private static func randomNumbers() -> [UInt64] {
        unsafe [UInt64](unsafeUninitializedCapacity: 32) { memory, count in
            guard let base = memory.baseAddress else { return }
            count = unsafe getentropy(base, 32 * MemoryLayout<UInt64>.size) == 0 ? 32 : 0
        }
    }
}
