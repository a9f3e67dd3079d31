internal import LinuxRuntime
internal import Synchronization

/// Keeps something that may happen very often from being told very often. Any thread.
final class Pace: Sendable {
    private let interval: UInt64
    private let next = Atomic<UInt64>(0)

    /// - Parameter interval: nanoseconds.
    init(interval: UInt64) { self.interval = interval }

    /// Whether it is time again; true for one caller an interval.
    func isDue() -> Bool {
        let now = MonotonicClock.now
        let due = next.load(ordering: .relaxed)
        guard now >= due else { return false }
        return next.compareExchange(expected: due, desired: now &+ interval, ordering: .relaxed).exchanged
    }
}
