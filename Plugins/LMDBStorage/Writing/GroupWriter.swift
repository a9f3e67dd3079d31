// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

/// Applies a group of writes in a transaction, and writes them to the log.
struct GroupWriter {
    /// The most bytes in a group: 2,700 records of 3 KB, enough to make the sync cheap.
    static let maxBytes = 8 << 20
    /// How many writes may fail individually before the whole group is considered failed.
    private static let maxFailures = 3

    let environment: LMDBEnvironment
    let queue: WriteQueue
    let sync: LogSync
    let shared: SharedTransaction
    let failure: LogFailure
    /// A group of at least this many bytes does not write its records to the log.
    let heapOnlyBytes: Int
    /// Why the file could not be grown in advance: an `errno`, a code of LMDB, or 0.
    let shortage: Int32
    /// Space released in transactions up to this one can be reused.
    var reusable: UInt64
    /// Whether a group must be committed before its writers are told, rather than with later groups.
    let isUrgent: () -> Bool
    /// Called with the number of applied writes, before anyone is told.
    let isMade: (Int) -> Void

    /// Applies the writes in order, and those that arrive while the disk is busy. When this returns `nil`, the group
    /// is on disk, or handed to ``LogSync``.
    ///
    /// - Returns: why the group as a whole could not be written, and the refusal for each write.
    func write(_ writes: inout [PendingWrite], _ log: inout RedoLog) -> (trouble: ServiceError, results: [WriteResult])?
    {
        var refused: [Int: ServiceError] = [:]
        while true {
            // The write being applied when an error is thrown; `nil` while the transaction begins or commits.
            var current: Int?
            do throws(ServiceError) {
                try attempt(&writes, without: refused, &log, &current)
                return nil
            } catch {
                // An error in the middle rolls the transaction back. The other writes are applied again without the
                // failed one.
                if let current, refused.count < Self.maxFailures, writes.count > refused.count + 1 {
                    refused[current] = error
                } else {
                    let trouble = explained(error)
                    return (trouble, writes.indices.map { Self.refusal(refused[$0] ?? trouble) })
                }
            }
        }
    }

    /// LMDB reports EIO, a broken disk, when a full disk shortens a write.
    private func explained(_ error: ServiceError) -> ServiceError {
        guard error.code == .unavailable, shortage != 0 else { return error }
        return ServiceError(lmdb: shortage, "cannot write \(environment.path)")
    }

    /// The log is written first, so that everything visible survives the end of this process. It is already on its
    /// way to disk while LMDB writes its pages. If that fails, the log is taken back before anyone is told.
    private func attempt(
        _ writes: inout [PendingWrite], without refused: [Int: ServiceError], _ log: inout RedoLog,
        _ current: inout Int?
    ) throws(ServiceError) {
        var written: WriteGroup?
        do throws(ServiceError) {
            try shared.begin(reusable: reusable)
            let results = try makeAll(&writes, without: refused, &current)
            let place = log.end
            // Large groups go to the heap only: one more sync, but written once.
            let areInHeap = writes.reduce(0) { $0 + $1.recordSize } >= heapOnlyBytes
            if areInHeap { try shared.writeRecords() }
            let records = try shared.count()
            let group = try log.append(
                writes, results, shared.locations, areInHeap: areInHeap, records: records, durable: sync.durable)
            let handed = WriteGroup(
                writes, results, in: group == nil ? nil : log.file, sequence: group?.sequence ?? 0,
                lastChange: shared.sequence, withHeap: group != nil && areInHeap)
            // Before it can be on disk, and before it is in the tables.
            if group != nil { environment.horizon.add(last: shared.sequence, displaced: shared.displaced) }
            written = group == nil ? nil : handed
            // Not if a commit comes first: another thread syncs in the meantime.
            let syncsHere = !areInHeap && queue.isDiskFree && !isUrgent()
            if syncsHere { start(group, log) } else { sync.add(handed) }
            // The other records are written while the log is being synced.
            try shared.writeRecords()
            if let group {
                if isUrgent() || !shared.canStayOpen {
                    try shared.commit()
                } else {
                    shared.publish(place, records: records)
                }
                log.confirm(group)
            }
            isMade(writes.count)
            handed.confirm()
            if syncsHere { sync.syncNow(handed) }
        } catch {
            do throws(ServiceError) {
                if let written {
                    // First of all: if the next start may find this group, it must not be forgotten.
                    defer { written.withdraw() }
                    environment.horizon.withdraw()
                    try log.retract()
                }
                try shared.clearGroup()
                try shared.restore(log)
            } catch {
                failure.note(error)
            }
            throw failure.outcome.map { written == nil ? error : $0 } ?? error
        }
    }

    /// Starts writing the group to disk. If that fails, no sync can be trusted any more, and the group's writers are
    /// told.
    private func start(_ group: LogGroup?, _ log: borrowing RedoLog) {
        guard let group else { return }
        do throws(ServiceError) {
            try log.start(group)
        } catch {
            failure.note(error)
        }
    }

    /// Applies the writes of a group. While the disk is busy with earlier groups, new writes join: the slower the
    /// disk, the larger the group.
    private func makeAll(
        _ writes: inout [PendingWrite], without refused: [Int: ServiceError], _ current: inout Int?
    ) throws(ServiceError) -> [WriteResult] {
        var results: [WriteResult] = []
        results.reserveCapacity(writes.count)
        var bytes = 0
        while true {
            for index in results.count..<writes.count {
                if let error = refused[index] {
                    results.append(Self.refusal(error))
                    continue
                }
                current = index
                results.append(try shared.make(writes[index]))
                bytes += writes[index].recordSize
            }
            current = nil
            let room = refused.isEmpty ? Self.maxBytes - bytes : 0
            guard let more = queue.more(room, for: writes.count, isLarge: bytes >= heapOnlyBytes) else {
                return results
            }
            writes += more
            shared.moreJoined()
        }
    }

    static func refusal(_ error: ServiceError) -> WriteResult {
        WriteResult(.refused(error), id: ArticleID(high: 0, low: 0))
    }
}
