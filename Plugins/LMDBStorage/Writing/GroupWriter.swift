internal import ArticleProtocol
internal import HandlerKit

/// Makes a group of changes in a transaction, and writes them to the log.
struct GroupWriter {
    /// Of one group: at 3 KB a record that is 2,700 records, enough to make the sync cheap.
    static let maxBytes = 8 << 20
    /// How many changes a group may lose to trouble of their own before the trouble is taken to be everyone's.
    private static let maxFailures = 3

    let environment: LMDBEnvironment
    let queue: WriteQueue
    let sync: LogSync
    let shared: SharedTransaction
    let failure: LogFailure
    /// A group of so many bytes does not write its records into the log.
    let heapOnlyBytes: Int
    /// Why the file could not be made larger beforehand: an `errno` or a code of LMDB's, or 0.
    let shortage: Int32
    /// What was left in transactions up to this one can be used again.
    var reusable: UInt64
    /// Whether a group is to be committed before anyone is told, and not with later ones.
    let isUrgent: () -> Bool
    /// Hears how many changes were made, before anyone is told of them.
    let isMade: (Int) -> Void

    /// Makes the changes in their order, and those that come while the disk is busy. When this returns without trouble, the
    /// group is on disk, or with ``LogSync``.
    ///
    /// - Returns: why the group as a whole could not be written, and what each change is refused for then.
    func write(_ writes: inout [PendingWrite], _ log: inout RedoLog) -> (trouble: ServiceError, results: [WriteResult])?
    {
        var refused: [Int: ServiceError] = [:]
        while true {
            // The one at work when an error is thrown; `nil` while the transaction begins or commits.
            var current: Int?
            do throws(ServiceError) {
                try attempt(&writes, without: refused, &log, &current)
                return nil
            } catch {
                // An error in the middle takes the transaction with it. The others do not pay for it: they are made
                // anew, without the one that failed.
                if let current, refused.count < Self.maxFailures, writes.count > refused.count + 1 {
                    refused[current] = error
                } else {
                    let trouble = explained(error)
                    return (trouble, writes.indices.map { Self.refusal(refused[$0] ?? trouble) })
                }
            }
        }
    }

    /// LMDB takes a write that a full disk cut short for a broken disk: EIO.
    private func explained(_ error: ServiceError) -> ServiceError {
        guard error.code == .unavailable, shortage != 0 else { return error }
        return ServiceError(lmdb: shortage, "cannot write \(environment.path)")
    }

    /// The log is written first: what anyone can see survives the end of this process. It is on its way to disk already while
    /// LMDB writes its pages, if it has to; if that fails, what is in the log is taken back before anyone is told.
    private func attempt(
        _ writes: inout [PendingWrite], without refused: [Int: ServiceError], _ log: inout RedoLog,
        _ current: inout Int?
    ) throws(ServiceError) {
        var written: WriteGroup?
        do throws(ServiceError) {
            try shared.begin(reusable: reusable)
            let results = try makeAll(&writes, without: refused, &current)
            let place = log.end
            // Much of it goes to the heap alone: with one more sync, but once.
            let areInHeap = writes.reduce(0) { $0 + $1.recordSize } >= heapOnlyBytes
            if areInHeap { try shared.writeRecords() }
            let records = try shared.count()
            let group = try log.append(
                writes, results, shared.locations, areInHeap: areInHeap, records: records, durable: sync.durable)
            let handed = WriteGroup(
                writes, results, in: group == nil ? nil : log.file, sequence: group?.sequence ?? 0,
                withHeap: group != nil && areInHeap)
            // Not where a commit comes first: another thread syncs meanwhile.
            let syncsHere = !areInHeap && queue.isDiskFree && !isUrgent()
            if syncsHere { start(group, log) } else { sync.add(handed) }
            written = group == nil ? nil : handed
            // The others are written while the log is on its way.
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
                    // Before anything goes on: a group that may be found by the next start is nobody's to forget.
                    defer { written.withdraw() }
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

    /// Has the disk begin with a group. If it cannot, no sync can be believed any more: the group's writers are told so.
    private func start(_ group: LogGroup?, _ log: borrowing RedoLog) {
        guard let group else { return }
        do throws(ServiceError) {
            try log.start(group)
        } catch {
            failure.note(error)
        }
    }

    /// Makes the changes of a writes. While the disk is busy with former groups, those that come meanwhile are made as
    /// well: the slower the disk, the larger the group.
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
        }
    }

    static func refusal(_ error: ServiceError) -> WriteResult {
        WriteResult(.refused(error), id: ArticleID(high: 0, low: 0))
    }
}
