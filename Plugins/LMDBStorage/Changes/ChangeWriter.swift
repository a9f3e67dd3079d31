// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB

/// What one transaction does to the tables of changes. An article has one entry, that of its last change: each write
/// adds an entry at the end, and removes the one before.
struct ChangeWriter {
    /// How many deletions a transaction forgets, apart from two for each that it makes. Few, so that no writer waits.
    private static let maxForgotten = 64

    private let environment: LMDBEnvironment
    private let tables: ChangeTables
    private let session: LogSession
    private var isNoted = false
    private var deletions = 0
    /// The earlier changes that the group's changes took the place of: see ``ChangeHorizon``.
    private(set) var displaced: [UInt64] = []

    /// `nil` if the index has no such tables yet.
    ///
    /// - Parameter session: the session that made the changes.
    init?(_ environment: LMDBEnvironment, _ session: LogSession) {
        guard let tables = environment.changes else { return nil }
        self.environment = environment
        self.tables = tables
        self.session = session
    }

    /// The change before, of the same article.
    enum Before {
        /// The article is new.
        case none
        case at(UInt64)
        /// The record is damaged, and its number is unknown. Its entry stays, and readers skip it.
        case unknown
    }

    /// Begins a group in the same transaction.
    mutating func beginGroup() { displaced.removeAll(keepingCapacity: true) }

    /// An article was stored.
    mutating func put(
        _ entry: ChangeEntry, insteadOf before: Before, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        try begin(entry.sequence, transaction)
        try remove(entry.id, before, transaction)
        let nothing = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        try unsafe entry.withBytes { key throws(ServiceError) in
            try unsafe transaction.put(key, nothing, tables.changes, atEnd: true)
        }
    }

    /// An article was deleted.
    mutating func delete(
        _ entry: ChangeEntry, _ deletion: Deletion, insteadOf before: Before,
        _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        try begin(entry.sequence, transaction)
        try remove(entry.id, before, transaction)
        try unsafe entry.withBytes { key throws(ServiceError) in
            try unsafe deletion.withBytes { value throws(ServiceError) in
                try unsafe transaction.put(key, value, tables.deletions, atEnd: true)
            }
        }
        deletions += 1
    }

    private mutating func begin(
        _ sequence: UInt64, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        if isNoted { return }
        try ChangeHistory.note(session, from: sequence, tables, transaction)
        isNoted = true
    }

    private mutating func remove(
        _ id: ArticleID, _ before: Before, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        switch before {
        case .none: break
        case .at(let sequence):
            displaced.append(sequence)
            try unsafe ChangeEntry(sequence, id).withBytes { key throws(ServiceError) in
                try unsafe transaction.delete(key, tables.changes)
            }
        case .unknown:
            try ChangeHistory.update(tables, transaction, environment.path) { $0.orphans &+= 1 }
        }
    }

    /// Forgets some deletions whose time is over. Must be called before the commit.
    ///
    /// - Parameter now: in milliseconds since 1970-01-01T00:00:00Z.
    func finish(at now: Int64, _ transaction: borrowing WriteTransaction) throws(ServiceError) {
        if !isNoted { return }
        var forgotten: UInt64 = 0
        for entry in try over(at: now, transaction) {
            try unsafe entry.withBytes { key throws(ServiceError) in
                try unsafe transaction.delete(key, tables.deletions)
            }
            // If the article was stored again, readers see that instead; but not before it is on disk.
            let later = try unsafe entry.id.withKey { key throws(ServiceError) in
                try unsafe transaction.lend(key, environment.records) { value in
                    unsafe environment.sealedSequence(entry.id, value)
                }
            }
            if let later = later ?? nil, environment.horizon.isDurable(later) { continue }
            forgotten = max(forgotten, entry.sequence)
        }
        if forgotten == 0 { return }
        try ChangeHistory.update(tables, transaction, environment.path) { $0.forgotten = max($0.forgotten, forgotten) }
    }

    /// The oldest deletions, as far as their time is over.
    private func over(at now: Int64, _ transaction: borrowing WriteTransaction) throws(ServiceError) -> [ChangeEntry] {
        let retention = environment.retention
        let excess = try transaction.count(tables.deletions) - retention.count
        let limit = Self.maxForgotten + 2 * deletions
        var entries: [ChangeEntry] = []
        func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
            guard entries.count < limit, let entry = unsafe ChangeEntry(key) else { return false }
            // One that cannot be decoded is of no use.
            let isOver = unsafe Deletion(value).map { retention.isOver($0, at: now) } ?? true
            guard isOver || entries.count < excess else { return false }
            entries.append(entry)
            return true
        }
        let cursor = try transaction.cursor(tables.deletions)
        var goesOn = try unsafe cursor.move(.first) { unsafe take($0, $1) } ?? false
        while goesOn { goesOn = try unsafe cursor.move(.next) { unsafe take($0, $1) } ?? false }
        return entries
    }
}
