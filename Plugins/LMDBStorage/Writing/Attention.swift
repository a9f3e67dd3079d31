internal import LinuxRuntime
internal import Synchronization

/// When readers last needed the tables as a whole. While that is recent, the committer commits each group at once, so that the
/// next reader does not have to wait.
///
/// Safe to use from any number of threads. A reader may note a time later than the one the committer has just read from the clock.
final class Attention: Sendable {
    /// In nanoseconds.
    static let span: UInt64 = 100_000_000

    private let last = Atomic<UInt64>(0)

    /// A reader needs the tables as a whole.
    func note(at now: UInt64 = MonotonicClock.now) { last.store(now, ordering: .relaxed) }

    /// Whether one did within ``span``.
    func isRecent(at now: UInt64 = MonotonicClock.now) -> Bool {
        MonotonicClock.elapsed(from: last.load(ordering: .relaxed), to: now) < Self.span
    }
}
