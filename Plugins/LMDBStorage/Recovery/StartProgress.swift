internal import LinuxRuntime
internal import Synchronization

/// Tells how far a start is, a few times a second at most: whoever waits for it waits as long as it gets on.
final class StartProgress: Sendable {
    private static let pause: UInt64 = 200_000_000

    private let tell: @Sendable (String) -> Void
    private let last = Atomic<UInt64>(0)

    init(_ tell: @escaping @Sendable (String) -> Void = { _ in }) { self.tell = tell }

    /// It gets on.
    func report(_ status: @autoclosure () -> String) {
        let now = MonotonicClock.now
        guard MonotonicClock.elapsed(from: last.load(ordering: .relaxed), to: now) >= Self.pause else { return }
        last.store(now, ordering: .relaxed)
        tell(status())
    }
}
