// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Wakes a watcher when there may be new changes, and when a heartbeat is due.
///
/// May be used on any thread. Only one task may wait.
final class Pulse: Sendable {
    private struct State {
        var isSet = false
        /// A heartbeat is due.
        var isDue = false
        /// When the next one is.
        var next: ContinuousClock.Instant
        var waiting: CheckedContinuation<Void, Never>?

        /// Wakes the watcher, or lets its next wait return at once.
        mutating func set() -> CheckedContinuation<Void, Never>? {
            isSet = waiting == nil
            return waiting.take()
        }
    }

    private let state: Mutex<State>
    private let interval: Duration

    init(every interval: Duration) {
        self.interval = interval
        state = Mutex(State(next: .now + interval))
    }

    /// There may be new changes.
    func changed() { state.withLock { $0.set() }?.resume() }

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
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    if state.isSet || Task.isCancelled {
                        state.isSet = false
                        return false
                    }
                    state.waiting = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            changed()
        }
    }

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
            let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard state.next <= now else { return nil }  // something was sent meanwhile
                state.isDue = true
                state.next = now + interval
                return state.set()
            }
            waiting?.resume()
        }
    }
}
