// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import Synchronization

/// What the database was last known to contain. Any thread.
///
/// Each transaction counts in one of 64 slots, so that few wait for each other, and returns the slot as it is then. So the
/// figures include all that was acknowledged here; what other services write comes every few seconds.
final class Figures: Sendable {
    fileprivate struct Slot {
        var version: Int64
        var records: Int64
        var bytes: Int64
    }

    fileprivate struct State {
        var slots: [Int64: Slot] = [:]
        var fileBytes: Int64 = 0
        var isKnown = false
        var transactions: UInt64 = 0
        var writes: UInt64 = 0
    }

    private let state = Mutex(State())

    /// A transaction was committed.
    ///
    /// - Parameter totals: its slot.
    func noteCommit(_ totals: Rows?, writes: Int) {
        state.withLock { state in
            state.transactions += 1
            state.writes += UInt64(writes)
            if let totals { state.take(totals) }
        }
    }

    /// All slots, and the size on disk.
    func update(_ rows: Rows) {
        state.withLock { state in
            if rows.count > 0 { state.fileBytes = rows.number(0, 4) }
            state.take(rows)
            state.isKnown = true
        }
    }

    /// Whether the database was asked once.
    var isKnown: Bool { state.withLock { $0.isKnown } }

    /// Throws `unavailable` if nothing is known yet.
    func statistics() throws(ServiceError) -> StorageStatistics {
        try state.withLock { state throws(ServiceError) in
            guard state.isKnown else {
                throw ServiceError(.unavailable, "the database was not reached yet: retry later")
            }
            // Whoever may write the tables may have put any number there.
            let records = state.slots.values.reduce(0) { $0 &+ $1.records }
            let used = state.slots.values.reduce(0) { $0 &+ $1.bytes }
            // The size on disk is an older figure. It is not less than what was written since.
            return StorageStatistics(
                records: UInt64(clamping: records), usedBytes: UInt64(clamping: used),
                fileBytes: UInt64(clamping: max(used, state.fileBytes)), transactions: state.transactions,
                writes: state.writes)
        }
    }
}

extension Figures.State {
    /// Rows of slot, version, records, bytes. An older version is ignored: answers of two connections may cross.
    fileprivate mutating func take(_ rows: Rows) {
        for row in 0..<rows.count where !rows.isNull(row, 0) {
            let slot = Figures.Slot(
                version: rows.number(row, 1), records: rows.number(row, 2), bytes: rows.number(row, 3))
            let number = rows.number(row, 0)
            if let known = slots[number], known.version > slot.version { continue }
            slots[number] = slot
        }
    }
}
