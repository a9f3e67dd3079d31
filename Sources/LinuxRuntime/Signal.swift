// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Wakes one task. May be set on any thread; only one task may wait.
public final class Signal: Sendable {
    private struct State {
        var isSet = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Creates a signal that is not set.
    public init() {}

    /// Ends the present wait, or the next one.
    public func set() {
        let waiting = state.withLock { state in
            state.isSet = state.waiting == nil
            return state.waiting.take()
        }
        waiting?.resume()
    }

    /// Waits until it is set, or the task is cancelled.
    public func wait() async {
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
            set()
        }
    }
}
