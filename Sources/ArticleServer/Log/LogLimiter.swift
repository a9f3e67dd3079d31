// SPDX-License-Identifier: Apache-2.0
internal import LinuxRuntime
internal import Synchronization

/// Limits the log lines about one kind of event that peers can cause at will. Some lines are written, the others are
/// counted, and the next line that is written says how many were suppressed. Any thread.
final class LogLimiter: Sendable {
    private struct State {
        var began: UInt64 = 0
        var written = 0
        var suppressed = 0
    }

    private let lines: Int
    private let interval: UInt64
    private let state = Mutex(State())

    /// - Parameters:
    ///   - lines: how many are written in each interval.
    ///   - interval: in nanoseconds.
    init(lines: Int = 10, interval: UInt64 = 10_000_000_000) {
        self.lines = lines
        self.interval = interval
    }

    /// Asks whether a line may be written.
    ///
    /// - Returns: nil if not; otherwise how many were suppressed since the last line.
    func take(at now: UInt64 = MonotonicClock.now) -> Int? {
        state.withLock { state in
            if state.began == 0 || now >= state.began &+ interval {
                state = State(began: now, suppressed: state.suppressed)
            }
            guard state.written < lines else {
                state.suppressed += 1
                return nil
            }
            defer { state.suppressed = 0 }
            state.written += 1
            return state.suppressed
        }
    }

    /// Writes a line, or counts it as suppressed.
    func write(
        _ level: Log.Level, at now: UInt64 = MonotonicClock.now,
        _ line: () -> (message: String, fields: [String: String])
    ) {
        guard level.rawValue <= Log.threshold.rawValue, let suppressed = take(at: now) else { return }
        var (message, fields) = line()
        if suppressed > 0 {
            message += " (\(suppressed) similar lines were suppressed)"
            fields["SUPPRESSED"] = "\(suppressed)"
        }
        Log.write(level, message, fields)
    }
}
