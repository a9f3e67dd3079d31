internal import ArticleProtocol

/// Makes the changes that the log holds in the database anew. To make one twice, or one that is there already, is the
/// same as once.
struct Replay {
    /// Of one transaction, as with the committer.
    private static let mostBytes = 8 << 20

    let environment: Environment
    private(set) var changes = 0

    init(_ environment: Environment) { self.environment = environment }

    /// Makes all groups that the reader finds.
    mutating func run(_ reader: inout LogReader) throws(ServiceError) {
        var isOver = false
        while !isOver {
            try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
                var bytes = 0
                while bytes < Self.mostBytes {
                    guard let (group, payload) = try reader.next() else {
                        isOver = true
                        return
                    }
                    try make(group, payload, transaction)
                    bytes += payload.count
                    changes += group.count
                }
            }
        }
    }

    private func make(
        _ group: LogGroup, _ payload: [UInt8], _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        let isSound = try unsafe payload.lend { bytes throws(ServiceError) in
            try unsafe LogEntry.forEach(bytes, count: group.count) { entry throws(ServiceError) in
                try make(entry, transaction)
            }
        }
        guard isSound else {
            throw ServiceError(
                .dataLoss,
                "the log of \(environment.path) is not what its checksums say it is: keep a copy of the directory, restore a backup"
            )
        }
    }

    private func make(_ entry: LogEntry, _ transaction: borrowing WriteTransaction) throws(ServiceError) {
        let id = entry.id
        try unsafe id.withKey { key throws(ServiceError) in
            let before = try unsafe transaction.lend(key, environment.records) { value throws(ServiceError) in
                // Of one that is damaged nobody knows the entries; those that stay lead to nothing that matches them.
                unsafe RecordView(ifReadable: id, value, in: environment).map { entries($0) } ?? []
            }
            guard let record = unsafe entry.record else {
                if before != nil { try unsafe transaction.delete(key, environment.records) }
                return try transaction.index([], insteadOf: before ?? [], environment.index)
            }
            let after = try unsafe entries(RecordView(id, record, in: environment))
            try unsafe transaction.put(key, record, environment.records)
            try transaction.index(after, insteadOf: before ?? [], environment.index)
        }
    }

    private func entries(_ record: RecordView) -> [IndexEntry] {
        unsafe RecordEntries.of(
            record.id, key: record.key, time: record.header.time, terms: record.terms, environment.hash)
    }
}
