// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import HandlerKit

/// What a transaction does: the writes of a group, applied in order to the records that it has locked.
///
/// Everything that a write depends on is in `present`: nobody else can change these records until the transaction ends.
/// A record that is not there yet cannot be locked. If another transaction stores it first, this one fails, and begins again.
struct WritePlan {
    /// A record as the database has it, or will have it.
    struct Record {
        var id: ArticleID
        var revision: UInt64
        var sequence: Int64 = 0
        var createdAt: Int64
        var storedAt: Int64
        var time: Int64
        var checksum: UInt32
        var key: [UInt8]
        var terms: PackedTerms
        var size: Int
        /// `nil`: none of the writes has its checksum, so it is none of theirs.
        var content: [UInt8]?

        /// What statistics count for it: its bytes, and about what the row and its index entries take.
        var weight: Int { size + key.count + 2 * terms.bytes.count + 200 }
    }

    /// A record that is gone.
    private struct Deletion {
        var revision: UInt64
        var sequence: Int64
        var deletedAt: Int64
    }

    private let before: [ArticleID: Record]
    private let owners: [[UInt8]: ArticleID]
    private var after: [ArticleID: Record]
    private var owner: [[UInt8]: ArticleID]
    private var deleted: [ArticleID: Deletion] = [:]
    private var touched: Set<ArticleID> = []
    private let now = clinux_wall_clock_ms()
    private let firstSequence: Int64

    /// For each write, in order.
    private(set) var results: [WriteResult] = []

    /// - Parameters:
    ///   - present: the records with the writes' ids and keys.
    ///   - firstSequence: the number of the first change. Each write may use one.
    init(_ writes: [PendingWrite], _ present: [Record], firstSequence: Int64) {
        before = Dictionary(present.map { ($0.id, $0) }) { first, _ in first }
        owners = Dictionary(present.filter { !$0.key.isEmpty }.map { ($0.key, $0.id) }) { first, _ in first }
        after = before
        owner = owners
        self.firstSequence = firstSequence
        results.reserveCapacity(writes.count)
        for (place, write) in writes.enumerated() {
            let sequence = firstSequence &+ Int64(place)
            results.append(write.kind == .put ? put(write, sequence) : delete(write, sequence))
        }
    }

    /// Nothing changes: no write needs the transaction.
    var isEmpty: Bool { touched.isEmpty }

    // MARK: One write

    private mutating func put(_ write: PendingWrite, _ sequence: Int64) -> WriteResult {
        var owner = write.key.isEmpty ? nil : self.owner[write.key]
        let former = write.formerKey.isEmpty ? nil : self.owner[write.formerKey]
        var key = write.key
        var id = write.namedID
        // No record has the key, but the id for a new record is taken.
        var isTaken = false
        if case .key = write.target {
            isTaken = owner == nil && former == nil && after[id] != nil
            id = former ?? owner ?? id
        }
        if let former {
            if former == id {
                // It was stored when the two forms of the key were two keys, and so was the other one.
                if let owner, owner != id { key = write.formerKey }
                owner = id
            } else if owner == nil || owner == id {
                owner = former
            }
        }
        let present = after[id]
        if let conflict = conflict(write, id, isTaken ? 0 : present?.revision ?? 0) { return conflict }
        if isTaken {
            return refuse(.alreadyExists, "the id \(id) of the new article is taken: generate another one", id)
        }
        if let owner, owner != id {
            return refuse(
                .alreadyExists, "the key belongs to the article \(owner): change that article, or use another key",
                owner)
        }
        if let present, isSame(write, key, present) {
            return WriteResult(
                .unchanged, id: id, revision: present.revision, createdAt: present.createdAt,
                storedAt: present.storedAt)
        }
        let createdAt = write.createdAt ?? present?.createdAt ?? now
        let record = Record(
            id: id, revision: (present?.revision ?? 0) + 1, sequence: sequence, createdAt: createdAt,
            storedAt: max(now, present?.storedAt ?? now), time: write.time ?? createdAt, checksum: write.checksum,
            key: key, terms: write.terms, size: write.content.count, content: write.content)
        if let old = present?.key, old != key { self.owner[old] = nil }
        if !key.isEmpty { self.owner[key] = id }
        after[id] = record
        deleted[id] = nil
        touched.insert(id)
        return WriteResult(
            present == nil ? .created : .updated, id: id, revision: record.revision, createdAt: createdAt,
            storedAt: record.storedAt)
    }

    private mutating func delete(_ write: PendingWrite, _ sequence: Int64) -> WriteResult {
        var id = write.namedID
        if case .key = write.target {
            guard let owner = owner[write.formerKey] ?? owner[write.key] else {
                return refuse(.notFound, "there is no such article", id)
            }
            id = owner
        }
        guard let present = after[id] else { return refuse(.notFound, "there is no such article", id) }
        if let conflict = conflict(write, id, present.revision) { return conflict }
        if !present.key.isEmpty { owner[present.key] = nil }
        after[id] = nil
        deleted[id] = Deletion(revision: present.revision, sequence: sequence, deletedAt: now)
        touched.insert(id)
        return WriteResult(
            .deleted, id: id, revision: present.revision, createdAt: present.createdAt, storedAt: present.storedAt)
    }

    private func isSame(_ write: PendingWrite, _ key: [UInt8], _ record: Record) -> Bool {
        write.checksum == record.checksum && write.createdAt ?? record.createdAt == record.createdAt
            && write.time ?? record.createdAt == record.time && key == record.key
            && write.terms == record.terms && write.content == record.content
    }

    private func conflict(_ write: PendingWrite, _ id: ArticleID, _ present: UInt64) -> WriteResult? {
        guard let expected = write.expectedRevision, expected != present else { return nil }
        let reason =
            switch (expected, present) {
            case (0, _): "the article already exists, at revision \(present)"
            case (_, 0): "there is no such article, but revision \(expected) was expected"
            default: "the article is at revision \(present), but \(expected) was expected: fetch it and try again"
            }
        var result = refuse(.conflict, reason, id)
        result.revision = present
        return result
    }

    private func refuse(_ code: StatusCode, _ reason: String, _ id: ArticleID) -> WriteResult {
        WriteResult(.refused(ServiceError(code, reason)), id: id)
    }

    // MARK: The transaction

    /// What the totals change by.
    var growth: (records: Int64, bytes: Int64) {
        touched.reduce(into: (0, 0)) { growth, id in
            growth.records += (after[id] == nil ? 0 : 1) - (before[id] == nil ? 0 : 1)
            growth.bytes += Int64(after[id]?.weight ?? 0) - Int64(before[id]?.weight ?? 0)
        }
    }

    /// The ids and sequence numbers of all changes.
    var changes: [(id: ArticleID, sequence: Int64)] {
        touched.compactMap { id in (after[id]?.sequence ?? deleted[id]?.sequence).map { (id, $0) } }
    }

    /// The queries that carry it out, in order.
    var queries: [Query] {
        let ids = touched.sorted()
        var queries: [Query] = []
        func add(_ statement: Statement, _ isNeeded: Bool, _ fill: (inout Parameters) -> Void) {
            if isNeeded { queries.append(Query(statement, fill)) }
        }
        let gone = ids.filter { after[$0] == nil }
        let removed = gone.filter { before[$0] != nil }
        add(.removeRecords, !removed.isEmpty) { $0.add(ids: removed) }
        // A key that changes its owner is free before the new owner takes it, whatever the order of the rows is.
        let released = ids.filter { id in
            guard let old = before[id]?.key, !old.isEmpty, let new = after[id] else { return false }
            return new.key != old && owner[old] != nil
        }
        add(.releaseKeys, !released.isEmpty) { $0.add(ids: released) }
        let (oldTerms, newTerms) = terms(ids)
        add(.removeTerms, !oldTerms.isEmpty) { oldTerms.fill(&$0) }
        // In the order of their keys: two transactions that store the same new keys wait for each other in one direction only.
        let records = ids.compactMap { after[$0] }.sorted { a, b in
            a.key == b.key ? a.id < b.id : a.key.lexicographicallyPrecedes(b.key)
        }
        let updated = records.filter { before[$0.id] != nil }
        let inserted = records.filter { before[$0.id] == nil }
        add(.update, !updated.isEmpty) { Self.fill(&$0, updated) }
        add(.insert, !inserted.isEmpty) { Self.fill(&$0, inserted) }
        add(.addTerms, !newTerms.isEmpty) { newTerms.fill(&$0) }
        add(.removeDeletions, !inserted.isEmpty) { $0.add(ids: inserted.map(\.id).sorted()) }
        let deletions = gone.compactMap { id in deleted[id].map { (id: id, deletion: $0) } }
        add(.addDeletions, !deletions.isEmpty) { parameters in
            parameters.add(ids: deletions.map(\.id))
            parameters.add(numbers: deletions.map(\.deletion.sequence))
            parameters.add(numbers: deletions.map { Int64(clamping: $0.deletion.revision) })
            parameters.add(numbers: deletions.map(\.deletion.deletedAt))
        }
        return queries
    }

    private static func fill(_ parameters: inout Parameters, _ records: [Record]) {
        parameters.add(ids: records.map(\.id))
        parameters.add(numbers: records.map { Int64(clamping: $0.revision) })
        parameters.add(numbers: records.map(\.sequence))
        parameters.add(numbers: records.map(\.createdAt))
        parameters.add(numbers: records.map(\.storedAt))
        parameters.add(numbers: records.map(\.time))
        parameters.add(numbers: records.map { Int64($0.checksum) })
        parameters.add(all: records.map { $0.key.isEmpty ? nil : $0.key })
        parameters.add(all: records.map(\.terms.bytes))
        parameters.add(all: records.map { $0.content ?? [] })
    }

    /// Entries of lists, in their order.
    private struct Entries {
        var terms: [[UInt8]] = []
        var times: [Int64] = []
        var ids: [ArticleID] = []

        var isEmpty: Bool { ids.isEmpty }

        mutating func add(_ record: Record) {
            for term in record.terms.all {
                terms.append(term)
                times.append(record.time)
                ids.append(record.id)
            }
        }

        func fill(_ parameters: inout Parameters) {
            parameters.add(all: terms)
            parameters.add(numbers: times)
            parameters.add(ids: ids)
        }
    }

    private func terms(_ ids: [ArticleID]) -> (old: Entries, new: Entries) {
        var (old, new) = (Entries(), Entries())
        for id in ids {
            let (left, right) = (before[id], after[id])
            if left?.terms == right?.terms, left?.time == right?.time { continue }
            if let left { old.add(left) }
            if let right { new.add(right) }
        }
        return (old, new)
    }
}
