// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// Adds the tables of changes to an index of format 4, from the sequence numbers in the records. Deletions from before
/// are unknown, so the history begins here.
///
/// It runs once the session has begun, in transactions like those of writers: nothing is on disk for certain before the
/// first checkpoint. If it is interrupted, the next start recovers the index as it was, and does this again.
struct ChangeUpgrade {
    /// The records that one transaction reads, and the entries that one adds.
    private static let step = (records: 2048, entries: 1 << 15)
    /// The most entries to hold in memory, 100 MB. Until the first checkpoint no page of the index is reused, so each
    /// page should change once: the entries are sorted first.
    private static let bufferSize = 1 << 22

    private let environment: LMDBEnvironment
    private let progress: StartProgress

    init(_ environment: LMDBEnvironment, _ progress: StartProgress) {
        self.environment = environment
        self.progress = progress
    }

    /// Does nothing if the index has the tables.
    func run() throws(ServiceError) {
        if environment.changes != nil { return }
        let tables = try write { transaction throws(ServiceError) in try ChangeTables(transaction) }
        var entries: [ChangeEntry] = []
        var damaged: [ArticleID] = []
        var last: ArticleID?
        var count = 0
        while true {
            let found = try records(behind: last)
            guard let next = found.last?.id else { break }
            last = next
            for (id, sequence) in found {
                if let sequence { entries.append(ChangeEntry(sequence, id)) } else { damaged.append(id) }
            }
            if entries.count >= Self.bufferSize { try add(&entries, tables) }
            count += found.count
            progress.report("upgrading the index: \(count) articles")
        }
        try add(&entries, tables)
        try add(damaged, tables)
        try write { transaction throws(ServiceError) in
            try ChangeHistory.begin(tables, transaction)
            let about = try transaction.table("about", create: false)
            try FormatRecord(hash: environment.hash).store(in: transaction, about)
        }
        environment.changes = tables
    }

    /// The next records and their sequence numbers; `nil` for a record that is too damaged to tell.
    private func records(
        behind id: ArticleID?
    ) throws(ServiceError) -> [(id: ArticleID, sequence: UInt64?)] {
        var found: [(id: ArticleID, sequence: UInt64?)] = []
        try write { transaction throws(ServiceError) in
            let cursor = try transaction.cursor(environment.records)
            func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
                guard let next = unsafe ArticleID(bytes: RawSpan(_unsafeBytes: key)), next != id else { return }
                found.append((next, unsafe sequence(next, value)))
            }
            var goesOn: Bool
            if let id {
                goesOn =
                    try unsafe id.withKey { key throws(ServiceError) in
                        try unsafe cursor.seek(key) { unsafe take($0, $1) }
                    } != nil
            } else {
                goesOn = try unsafe cursor.move(.first) { unsafe take($0, $1) } != nil
            }
            while goesOn, found.count < Self.step.records {
                goesOn = try unsafe cursor.move(.next) { unsafe take($0, $1) } != nil
            }
        }
        return found
    }

    private func add(_ entries: inout [ChangeEntry], _ tables: ChangeTables) throws(ServiceError) {
        entries.sort()
        var rest = entries[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.step.entries)
            rest = rest.dropFirst(part.count)
            try write { transaction throws(ServiceError) in
                for entry in part { try transaction.add(entry, tables) }
            }
            progress.report("upgrading the index")
        }
        entries.removeAll(keepingCapacity: true)
    }

    /// Damaged records get new numbers, so that readers learn of them.
    private func add(_ damaged: [ArticleID], _ tables: ChangeTables) throws(ServiceError) {
        if damaged.isEmpty { return }
        try write { transaction throws(ServiceError) in
            var space = try HeapSpace(transaction, environment.space, environment.path)
            for id in damaged { try transaction.add(ChangeEntry(space.nextSequence(), id), tables) }
            try space.store(transaction, environment.space)
        }
    }

    private func sequence(_ id: ArticleID, _ value: UnsafeRawBufferPointer) -> UInt64? {
        if let record = unsafe RecordView(ifReadable: id, value, in: environment) { return record.header.sequence }
        return unsafe environment.sealedSequence(id, value)
    }

    private func write<Result>(
        _ body: (borrowing WriteTransaction) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        try unsafe WriteTransaction.run(environment.handle, environment.path, body)
    }
}

extension WriteTransaction {
    /// Adds the change of a record.
    func add(_ entry: ChangeEntry, _ tables: ChangeTables) throws(ServiceError) {
        let nothing = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        try unsafe entry.withBytes { key throws(ServiceError) in try unsafe put(key, nothing, tables.changes) }
    }

    /// The same, if the index has the table.
    func add(_ entry: ChangeEntry, _ environment: LMDBEnvironment) throws(ServiceError) {
        if let tables = environment.changes { try add(entry, tables) }
    }
}
