internal import LinuxRuntime
internal import Synchronization

/// Lines of the log for something that peers can make happen as often as they like: some are written, the rest is counted,
/// and the next that is written tells how many were not. Any thread.
final class Ration: Sendable {
    private struct State {
        var began: UInt64 = 0
        var written = 0
        var withheld = 0
    }

    private let lines: Int
    private let interval: UInt64
    private let state = Mutex(State())

    /// - Parameters:
    ///   - lines: so many are written.
    ///   - interval: in each span of so many nanoseconds.
    init(lines: Int = 10, interval: UInt64 = 10_000_000_000) {
        self.lines = lines
        self.interval = interval
    }

    /// Asks for a line.
    ///
    /// - Returns: nil if it is not to be written, else how many were not since the last that was.
    func take(at now: UInt64 = MonotonicClock.now) -> Int? {
        state.withLock { state in
            if state.began == 0 || now >= state.began &+ interval {
                state = State(began: now, withheld: state.withheld)
            }
            guard state.written < lines else {
                state.withheld += 1
                return nil
            }
            defer { state.withheld = 0 }
            state.written += 1
            return state.withheld
        }
    }

    /// Writes a line, if there is one left.
    func write(
        _ level: Log.Level, at now: UInt64 = MonotonicClock.now,
        _ line: () -> (message: String, fields: [String: String])
    ) {
        guard level.rawValue <= Log.threshold.rawValue, let withheld = take(at: now) else { return }
        var (message, fields) = line()
        if withheld > 0 {
            message += " (\(withheld) more such lines were not written)"
            fields["WITHHELD"] = "\(withheld)"
        }
        Log.write(level, message, fields)
    }
}

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
