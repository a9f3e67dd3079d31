// SPDX-License-Identifier: Apache-2.0
internal import HandlerKit
internal import Synchronization

/// Who is told that there are new changes. Any thread.
final class ChangeWatchers: Sendable {
    private final class Watcher: Sendable {
        private let notify: @Sendable () -> Void
        private let isOver = Mutex(false)

        init(_ notify: @escaping @Sendable () -> Void) { self.notify = notify }

        func tell() { isOver.withLock { if !$0 { notify() } } }

        /// When this returns, `notify` is not running, and will not be called.
        func end() { isOver.withLock { $0 = true } }
    }

    private struct State {
        var watchers: [UInt64: Watcher] = [:]
        var lastNumber: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Calls `notify` until the watch ends. `notify` must not end the watch.
    func add(_ notify: @escaping @Sendable () -> Void) -> ChangeWatch {
        let watcher = Watcher(notify)
        let number = state.withLock { state in
            state.lastNumber += 1
            state.watchers[state.lastNumber] = watcher
            return state.lastNumber
        }
        return ChangeWatch {
            self.state.withLock { _ = $0.watchers.removeValue(forKey: number) }
            watcher.end()
        }
    }

    func tell() {
        let watchers = state.withLock { Array($0.watchers.values) }
        for watcher in watchers { watcher.tell() }
    }

    var isEmpty: Bool { state.withLock { $0.watchers.isEmpty } }
}
