// SPDX-License-Identifier: Apache-2.0
internal import LinuxRuntime
internal import Synchronization

/// The present snapshot of the index, and earlier ones that pages of a search still come from.
final class Snapshots: Sendable {
    /// A snapshot, with a number that no other one of this process has.
    struct Numbered: Sendable {
        let snapshot: any SearchSnapshot
        let number: UInt64
    }

    /// How long an earlier snapshot is kept after its last use, in nanoseconds. It keeps files on disk that were removed.
    private static let keepingTime: UInt64 = 120_000_000_000
    /// The most earlier snapshots.
    private static let maxKept = 4

    private struct State {
        var current: Numbered?
        var nextNumber: UInt64 = 1
        /// Those that a cursor was issued for, with the time of their last use. Oldest use first.
        var kept: [(numbered: Numbered, lastUse: UInt64)] = []
    }

    private let state = Mutex(State())

    var current: Numbered? { state.withLock { $0.current } }

    /// Replaces the present snapshot; nil: there is none.
    func set(_ snapshot: (any SearchSnapshot)?) {
        // The last references are released outside of the lock: that closes files.
        let released = state.withLock { state -> [Numbered] in
            let before = state.current
            state.current = snapshot.map { Numbered(snapshot: $0, number: state.nextNumber) }
            state.nextNumber += 1
            let now = MonotonicClock.now
            let count = state.kept.count
            var isKept = 0
            let split = state.kept.filter { entry in
                isKept += 1
                return MonotonicClock.elapsed(from: entry.lastUse, to: now) < Self.keepingTime
                    && isKept > count - Self.maxKept
            }
            let dropped = state.kept.map(\.numbered)
            state.kept = split
            return dropped + (before.map { [$0] } ?? [])
        }
        withExtendedLifetime(released) {}
    }

    /// Forgets all snapshots.
    func removeAll() {
        let released = state.withLock { state in
            defer { (state.current, state.kept) = (nil, []) }
            return (state.current, state.kept.map(\.numbered))
        }
        withExtendedLifetime(released) {}
    }

    /// The snapshot with this number, if it is still there.
    func find(_ number: UInt64) -> Numbered? {
        state.withLock { state in
            if let current = state.current, current.number == number { return current }
            return state.kept.first { $0.numbered.number == number }?.numbered
        }
    }

    /// Keeps a snapshot for the next page.
    func keep(_ numbered: Numbered) {
        state.withLock { state in
            state.kept.removeAll { $0.numbered.number == numbered.number }
            state.kept.append((numbered, MonotonicClock.now))
        }
    }
}
