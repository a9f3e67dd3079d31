internal import ArticleProtocol
internal import HandlerKit

/// Makes a group of changes in one transaction.
struct BatchWriter {
    /// How many changes a group may lose to trouble of their own before the trouble is taken to be everyone's.
    private static let mostCulprits = 3

    let environment: Environment
    /// Why the file could not be made larger beforehand: an `errno`, or 0.
    let shortage: Int32

    /// Makes the changes in their order. When this returns, each is on disk or refused.
    ///
    /// - Returns: a result for each, and the trouble that kept the group as a whole from being written.
    func write(_ batch: inout [PendingWrite]) -> (results: [WriteResult], trouble: ServiceError?) {
        var refused: [Int: ServiceError] = [:]
        while true {
            // The one at work when an error is thrown; `nil` while the transaction begins or commits.
            var current: Int?
            do throws(ServiceError) {
                let results = try attempt(&batch, without: refused, &current)
                return (results, nil)
            } catch {
                // An error in the middle takes the transaction with it. The others do not pay for it: they are made
                // anew, without the one that failed.
                if let current, refused.count < Self.mostCulprits, batch.count > refused.count + 1 {
                    refused[current] = error
                } else {
                    let trouble = explained(error)
                    return (batch.indices.map { Self.refusal(refused[$0] ?? trouble) }, trouble)
                }
            }
        }
    }

    /// LMDB takes a write that a full disk cut short for a broken disk: EIO.
    private func explained(_ error: ServiceError) -> ServiceError {
        guard error.code == .unavailable, shortage != 0 else { return error }
        return ServiceError(lmdb: shortage, "cannot write \(environment.path)")
    }

    private func attempt(
        _ batch: inout [PendingWrite], without refused: [Int: ServiceError], _ current: inout Int?
    ) throws(ServiceError) -> [WriteResult] {
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            var changes = try RecordChanges(environment, transaction)
            var results: [WriteResult] = []
            results.reserveCapacity(batch.count)
            for index in batch.indices {
                if let error = refused[index] {
                    results.append(Self.refusal(error))
                    continue
                }
                current = index
                results.append(try changes.make(&batch[index], transaction))
            }
            current = nil
            return results
        }
    }

    private static func refusal(_ error: ServiceError) -> WriteResult {
        WriteResult(.refused(error), id: ArticleID(high: 0, low: 0))
    }
}
