internal import ArticleProtocol

/// Makes the changes that the log holds in the database anew. To make one twice, or one that is there already, is the
/// same as once.
struct Replay {
    /// Of one transaction, as with the committer.
    private static let mostBytes = 8 << 20

    let environment: Environment
    /// The version that the first change is made in.
    let start: UInt64
    private(set) var changes = 0

    init(_ environment: Environment, from start: UInt64) {
        self.environment = environment
        self.start = start
    }

    /// Makes all groups that the reader finds.
    mutating func run(_ reader: inout LogReader) throws(ServiceError) {
        var isOver = false
        while !isOver {
            try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
                var heap = try HeapChanges(environment, transaction, replayingFrom: start)
                var bytes = 0
                while bytes < Self.mostBytes {
                    guard let (group, payload) = try reader.next() else {
                        isOver = true
                        break
                    }
                    try make(group, payload, &heap, transaction)
                    bytes += payload.count
                    changes += group.count
                }
                try heap.finish(transaction)
            }
        }
    }

    /// Makes one group.
    func make(
        _ group: LogGroup, _ payload: [UInt8], _ heap: inout HeapChanges, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        let isSound = try unsafe payload.lend { bytes throws(ServiceError) in
            let isSound = try unsafe LogEntry.forEach(bytes, count: group.count) { entry throws(ServiceError) in
                try make(entry, &heap, transaction)
            }
            // The records are written from this memory.
            try heap.flush()
            return isSound
        }
        guard isSound else {
            throw ServiceError(
                .dataLoss,
                "the log of \(environment.path) is not what its checksums say it is: keep a copy of the directory, restore a backup"
            )
        }
    }

    private func make(
        _ entry: LogEntry, _ heap: inout HeapChanges, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        let id = entry.id
        let before = try unsafe id.withKey { key throws(ServiceError) in
            try unsafe transaction.lend(key, environment.records) { value throws(ServiceError) in
                // Of one that is damaged nobody knows the entries, and those that stay lead to nothing that matches them;
                // nor is its place to be trusted.
                unsafe try heap.record(id, value).map { (entries($0), unsafe HeapLocation(value)) } ?? ([], nil)
            }
        }
        var after: [IndexEntry] = []
        switch entry.effect {
        case .put(let record):
            after = try unsafe entries(RecordView(id, record: record, in: environment))
            try unsafe heap.put(id, record, at: entry.location, transaction)
        case .putInHeap:
            guard let record = unsafe environment.heap.bytes(entry.location) else { break }
            after = try unsafe entries(RecordView(id, record: record, in: environment))
            try heap.put(id, at: entry.location, transaction)
        case .delete:
            if before == nil { break }
            try unsafe id.withKey { key throws(ServiceError) in
                try unsafe transaction.delete(key, environment.records)
            }
        }
        if let left = before?.1 { try heap.leave(left, transaction) }
        try transaction.index(after, insteadOf: before?.0 ?? [], environment.index)
    }

    private func entries(_ record: RecordView) -> [IndexEntry] {
        unsafe RecordEntries.of(
            record.id, key: record.key, time: record.header.time, terms: record.terms, environment.hash)
    }
}
