// SPDX-License-Identifier: Apache-2.0
internal import HandlerKit
internal import Synchronization

/// How far readers of changes may read, and who is told when that is further than before.
///
/// A change is shown when it is in the tables and known to be on disk. The two happen in any order, on two threads. The
/// tables may be ahead of the disk: then an article whose latest change is not on disk has lost the entry of the
/// change before. A reader that went past that entry would miss it if power failed now. So it stops there
/// (``limit(after:committed:)``) until the group is on disk.
final class ChangeHorizon: Sendable {
    /// A group that is not known to be on disk.
    private struct Group {
        /// Its last change.
        let last: UInt64
        /// The changes whose place its changes took.
        let displaced: [UInt64]
    }

    private struct State {
        /// The last change in the tables.
        var committed: UInt64 = 0
        /// The last change known to be on disk.
        var durable: UInt64 = 0
        /// The last change that the watchers were told about.
        var told: UInt64 = 0
        /// In order.
        var groups: [Group] = []
        var watchers: [UInt64: Watcher] = [:]
        var lastNumber: UInt64 = 0

        /// The watchers to tell.
        mutating func news() -> [Watcher] {
            let visible = min(committed, durable)
            guard visible > told, !watchers.isEmpty else { return [] }
            told = visible
            return Array(watchers.values)
        }
    }

    private final class Watcher: Sendable {
        private let notify: @Sendable () -> Void
        private let isOver = Mutex(false)

        init(_ notify: @escaping @Sendable () -> Void) { self.notify = notify }

        func tell() { isOver.withLock { if !$0 { notify() } } }

        /// When this returns, `notify` is not running, and will not be called.
        func end() { isOver.withLock { $0 = true } }
    }

    private let state = Mutex(State())

    /// The storage was opened: everything up to this change is in the tables and on disk.
    func begin(at sequence: UInt64) {
        state.withLock { state in
            (state.committed, state.durable, state.told) = (sequence, sequence, sequence)
        }
    }

    /// A group is in the log, and about to be in the tables. On the committer's thread.
    func add(last: UInt64, displaced: [UInt64]) {
        state.withLock { $0.groups.append(Group(last: last, displaced: displaced)) }
    }

    /// The group added last was refused: its changes do not exist. On the committer's thread.
    func withdraw() { state.withLock { _ = $0.groups.popLast() } }

    /// Everything up to this change is on disk.
    func noteDurable(_ sequence: UInt64) {
        let watchers = state.withLock { state -> [Watcher] in
            guard sequence > state.durable else { return [] }
            state.durable = sequence
            state.groups.removeAll { $0.last <= sequence }
            return state.news()
        }
        for watcher in watchers { watcher.tell() }
    }

    /// Whether this change is known to be on disk.
    func isDurable(_ sequence: UInt64) -> Bool { state.withLock { sequence <= $0.durable } }

    /// Everything up to this change is in the tables, and readers can see it. On the committer's thread.
    func noteCommit(_ sequence: UInt64) {
        let watchers = state.withLock { state in
            state.committed = max(state.committed, sequence)
            return state.news()
        }
        for watcher in watchers { watcher.tell() }
    }

    /// How far a reader may read.
    struct Limit: Equatable {
        /// The last change that may be shown.
        var end: UInt64
        /// The last change that is on disk and in the tables. Less than that is shown only for a moment.
        var seen: UInt64
        /// There are acknowledged changes that are not in the tables yet.
        var isBehind: Bool
    }

    /// How far a reader at this position may read in a snapshot, which it has already.
    ///
    /// - Parameter committed: the last change in the snapshot.
    func limit(after position: UInt64, committed: UInt64) -> Limit {
        state.withLock { state in
            let seen = min(committed, state.durable)
            var limit = Limit(end: seen, seen: seen, isBehind: state.durable > committed)
            for group in state.groups where group.last <= committed {
                for sequence in group.displaced where sequence > position && sequence <= limit.end {
                    limit.end = sequence - 1
                }
            }
            return limit
        }
    }

    /// Whether anybody waits for changes.
    var isWatched: Bool { state.withLock { !$0.watchers.isEmpty } }

    /// Calls `notify` when there is more to read, until the watch ends. `notify` must not end the watch.
    func watch(_ notify: @escaping @Sendable () -> Void) -> ChangeWatch {
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
}
