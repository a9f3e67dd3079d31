internal import ArticleProtocol
internal import HandlerKit

/// Makes a group of changes in one transaction, and writes them to the log.
struct BatchWriter {
    /// Of one transaction: at 3 KB a record that is 2,700 records, enough to make the sync cheap.
    static let mostBytes = 8 << 20
    /// How many changes a group may lose to trouble of their own before the trouble is taken to be everyone's.
    private static let mostCulprits = 3

    let environment: Environment
    let queue: WriteQueue
    let sync: LogSync
    /// Why the file could not be made larger beforehand: an `errno`, or 0.
    let shortage: Int32
    /// What was left in transactions up to this one can be used again.
    var reusable: UInt64
    /// Hears how many changes were made, before anyone is told of them.
    let isMade: (Int) -> Void

    /// Makes the changes in their order, and those that come while the disk is busy. When this returns without trouble, the
    /// group is with ``LogSync``.
    ///
    /// - Returns: why the group as a whole could not be written, and what each change is refused for then.
    func write(_ batch: inout [PendingWrite], _ log: inout RedoLog) -> (trouble: ServiceError, results: [WriteResult])?
    {
        var refused: [Int: ServiceError] = [:]
        while true {
            // The one at work when an error is thrown; `nil` while the transaction begins or commits.
            var current: Int?
            do throws(ServiceError) {
                try attempt(&batch, without: refused, &log, &current)
                return nil
            } catch {
                // An error in the middle takes the transaction with it. The others do not pay for it: they are made
                // anew, without the one that failed.
                if let current, refused.count < Self.mostCulprits, batch.count > refused.count + 1 {
                    refused[current] = error
                } else {
                    let trouble = explained(error)
                    return (trouble, batch.indices.map { Self.refusal(refused[$0] ?? trouble) })
                }
            }
        }
    }

    /// LMDB takes a write that a full disk cut short for a broken disk: EIO.
    private func explained(_ error: ServiceError) -> ServiceError {
        guard error.code == .unavailable, shortage != 0 else { return error }
        return ServiceError(lmdb: shortage, "cannot write \(environment.path)")
    }

    /// The log is written before the commit: what anyone can see survives the end of this process. It is on its way to disk
    /// already while LMDB writes its pages; if that fails, what is in the log is taken back before anyone is told.
    private func attempt(
        _ batch: inout [PendingWrite], without refused: [Int: ServiceError], _ log: inout RedoLog,
        _ current: inout Int?
    ) throws(ServiceError) {
        var written: (group: LogGroup, handed: WriteGroup)?
        do throws(ServiceError) {
            try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
                let results = try makeAll(&batch, without: refused, transaction, &current)
                guard let group = try log.append(batch, results) else {
                    let handed = WriteGroup(batch, results, in: nil)
                    isMade(batch.count)
                    handed.confirm()
                    return sync.add(handed)
                }
                let handed = WriteGroup(batch, results, in: log.file)
                sync.add(handed)
                written = (group, handed)
            }
        } catch {
            if let written {
                log.retract()
                written.handed.withdraw()
            }
            throw error
        }
        environment.noteCommit()
        if let written {
            log.confirm(written.group)
            isMade(batch.count)
            written.handed.confirm()
        }
    }

    /// Makes the changes of a batch. While the disk is busy with the former group, those that come meanwhile are made as
    /// well: the slower the disk, the larger the group.
    private func makeAll(
        _ batch: inout [PendingWrite], without refused: [Int: ServiceError],
        _ transaction: borrowing WriteTransaction, _ current: inout Int?
    ) throws(ServiceError) -> [WriteResult] {
        var changes = try RecordChanges(environment, transaction, reusable: reusable)
        var results: [WriteResult] = []
        results.reserveCapacity(batch.count)
        var bytes = 0
        while true {
            for index in results.count..<batch.count {
                if let error = refused[index] {
                    results.append(Self.refusal(error))
                    continue
                }
                current = index
                results.append(try changes.make(batch[index], transaction))
                bytes += batch[index].recordSize
            }
            current = nil
            guard let more = queue.more(refused.isEmpty ? Self.mostBytes - bytes : 0, for: batch.count) else {
                try changes.finish(transaction)
                return results
            }
            batch += more
        }
    }

    static func refusal(_ error: ServiceError) -> WriteResult {
        WriteResult(.refused(error), id: ArticleID(high: 0, low: 0))
    }
}
