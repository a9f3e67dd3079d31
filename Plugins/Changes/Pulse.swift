// SPDX-License-Identifier: Apache-2.0
internal import LinuxRuntime
internal import Synchronization

/// Wakes a watcher when there may be new changes, and when a heartbeat is due.
///
/// May be used on any thread. Only one task may wait.
final class Pulse: Sendable {
    private struct State {
        /// A heartbeat is due.
        var isDue = false
        /// When the next one is.
        var next: ContinuousClock.Instant
    }

    private let signal = Signal()
    private let state: Mutex<State>
    private let interval: Duration

    init(every interval: Duration) {
        self.interval = interval
        state = Mutex(State(next: .now + interval))
    }

    /// There may be new changes.
    func changed() { signal.set() }

    /// The watcher has sent something: the next heartbeat is due an interval from now.
    func sent() {
        let now = ContinuousClock.now
        state.withLock { state in
            state.isDue = false
            state.next = now + interval
        }
    }

    var isDue: Bool { state.withLock { $0.isDue } }

    /// Returns when there may have been changes since the last call returned, a heartbeat is due, or the task is cancelled.
    func wait() async { await signal.wait() }

    /// Keeps the time, until the task is cancelled. Each thing that is sent puts the next wake-up off.
    func run() async {
        while true {
            let next = state.withLock { $0.next }
            do {
                try await Task.sleep(until: next, clock: .continuous)
            } catch {
                return
            }
            let now = ContinuousClock.now
            let isDue = state.withLock { state in
                guard state.next <= now else { return false }  // something was sent meanwhile
                state.isDue = true
                state.next = now + interval
                return true
            }
            if isDue { signal.set() }
        }
    }
}
