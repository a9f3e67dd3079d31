// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux

/// Applies the writes in the log to the tables. Applying a write again changes nothing.
///
/// A damaged record affects only its own article, which stays in its lists, and reading it is DATA_LOSS.
struct Replay {
    /// The most that one transaction applies, so that its pages fit into memory. A group may be larger: a recovery
    /// that is interrupted within it starts again from the same snapshot.
    private static let transactionLimit = (changes: 512, bytes: 8 << 20)

    let environment: LMDBEnvironment
    /// The session that wrote the log.
    let session: LogSession
    /// The snapshot that the first write is applied to.
    let start: UInt64
    private(set) var count = 0
    /// Some of the articles whose record in the log is damaged.
    private(set) var damaged: [ArticleID] = []

    init(_ environment: LMDBEnvironment, of session: LogSession, from start: UInt64) {
        self.environment = environment
        self.session = session
        self.start = start
    }

    /// Applies groups.
    ///
    /// - Parameter progress: called with the number of groups applied.
    mutating func run(
        _ groups: ArraySlice<LogSurvey.Found>, of survey: LogSurvey, progress: (Int) -> Void
    ) throws(ServiceError) {
        var pending: [(LogGroup, [UInt8])] = []
        var (waiting, bytes) = (0, 0)
        for (index, found) in groups.enumerated() {
            pending.append((found.group, try survey.payload(found)))
            waiting += found.group.count
            bytes += found.group.payloadSize
            guard waiting >= Self.transactionLimit.changes || bytes >= Self.transactionLimit.bytes else { continue }
            try run(pending)
            (pending, waiting, bytes) = ([], 0, 0)
            progress(index + 1)
        }
        if !pending.isEmpty { try run(pending) }
    }

    private mutating func run(_ pending: [(LogGroup, [UInt8])]) throws(ServiceError) {
        let maxCount = pending.map(\.0.count).max() ?? 0
        for first in stride(from: 0, to: maxCount, by: Self.transactionLimit.changes) {
            let part = first..<first + Self.transactionLimit.changes
            try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
                var heap = try HeapWriter(environment, transaction, replayingFrom: start, limit: .max)
                var changes = ChangeWriter(environment, session)
                for (group, payload) in pending where group.count > first {
                    try make(group, payload, part, &heap, &changes, transaction)
                }
                try heap.finish(transaction)
            }
        }
    }

    /// Applies one group, or part of its entries.
    mutating func make(
        _ group: LogGroup, _ payload: [UInt8], _ part: Range<Int>?, _ heap: inout HeapWriter,
        _ changes: inout ChangeWriter?, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        var index = 0
        let isSound = try unsafe payload.lend { bytes throws(ServiceError) in
            let isSound = try unsafe LogEntry.forEach(bytes, count: group.count) { entry throws(ServiceError) in
                defer { index += 1 }
                guard part?.contains(index) ?? true else { return }
                try make(entry, &heap, &changes, transaction)
                count += 1
            }
            // The records are written from this memory.
            try heap.flush()
            return isSound
        }
        guard isSound else {
            throw ServiceError(
                .dataLoss,
                "the log of \(environment.path) does not match its checksums: keep a copy of the directory, and restore a backup"
            )
        }
    }

    private mutating func make(
        _ entry: LogEntry, _ heap: inout HeapWriter, _ changes: inout ChangeWriter?,
        _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        let id = entry.id
        let before = try unsafe id.withKey { key throws(ServiceError) in
            try unsafe transaction.lend(key, environment.records) { value throws(ServiceError) in
                // The entries of a damaged record are unknown. They stay in the index, where they match nothing. Its
                // location cannot be trusted either.
                unsafe try heap.record(id, value).map {
                    Before(entries: entries($0), location: unsafe HeapLocation(value), change: .at($0.header.sequence))
                }
                    ?? Before(
                        change: unsafe environment.sealedSequence(id, value).map { .at($0) } ?? .unknown)
            }
        }
        guard let record = unsafe entry.bytes(environment.heap) else {
            throw HeapHead.mismatch(environment.heap.path, "it ends before the article \(id), which the log refers to")
        }
        let header = unsafe RecordChecksum.header(record)
        if let header { heap.note(sequence: header.sequence) }
        let change = ChangeEntry(header?.sequence ?? heap.guessSequence(), id)
        var after: [IndexEntry] = []
        try heap.claim(entry.location, transaction)
        switch entry.kind {
        case .article:
            if let header, header.id == id, unsafe RecordChecksum.stored(record) == entry.checksum {
                after = try unsafe entries(RecordView(id, record: record, in: environment))
            } else {
                noteDamaged(id)
                after = before?.entries.isEmpty ?? true ? [IndexEntry.unknown(id)] : before?.entries ?? []
            }
            try unsafe write(record, entry) { record throws(ServiceError) in
                try unsafe heap.put(id, record, at: entry.location, atEnd: false, transaction)
                if unsafe entry.record == nil { try heap.flush() }
            }
            try changes?.put(change, insteadOf: before?.change ?? .none, transaction)
        case .deletion:
            if before != nil {
                try unsafe id.withKey { key throws(ServiceError) in
                    try unsafe transaction.delete(key, environment.records)
                }
            }
            try unsafe write(record, entry) { record throws(ServiceError) in
                try unsafe heap.delete(record, at: entry.location, transaction)
                if unsafe entry.record == nil { try heap.flush() }
            }
            let deletion = Deletion(
                revision: header?.revision ?? 0, deletedAt: header?.time ?? clinux_wall_clock_ms())
            try changes?.delete(change, deletion, insteadOf: before?.change ?? .none, transaction)
        }
        if let left = before?.location { try heap.release(left, transaction) }
        try transaction.index(after, insteadOf: before?.entries ?? [], environment.index)
    }

    /// The record that a write replaced or deleted.
    private struct Before {
        var entries: [IndexEntry] = []
        var location: HeapLocation?
        var change: ChangeWriter.Before
    }

    /// Lends the record's bytes for writing; a copy if it is already in the heap. It is written again anyway, because
    /// the kernel may consider a page clean that never reached the disk (fsync(2), "errors").
    private func write(
        _ record: UnsafeRawBufferPointer, _ entry: LogEntry,
        _ body: (UnsafeRawBufferPointer) throws(ServiceError) -> Void
    ) throws(ServiceError) {
        if unsafe entry.record != nil { return try unsafe body(record) }
        try unsafe [UInt8](record).lend(body)
    }

    private mutating func noteDamaged(_ id: ArticleID) {
        if damaged.count < 100, !damaged.contains(id) { damaged.append(id) }
    }

    private func entries(_ record: RecordView) -> [IndexEntry] {
        unsafe RecordEntries.of(
            record.id, key: record.key, time: record.header.time, terms: record.terms, environment.hash)
    }
}
