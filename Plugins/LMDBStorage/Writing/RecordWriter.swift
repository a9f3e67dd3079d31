// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import HandlerKit

/// Applies writes to the tables and the heap, within a transaction. Everything a write depends on is looked up here,
/// where nothing else changes.
struct RecordWriter {
    private let environment: LMDBEnvironment
    private var heap: HeapWriter
    private var changes: ChangeWriter?
    /// The greatest id in the table.
    private var lastID: ArticleID
    private var now: Int64 = 0
    private let number: UInt64
    /// The entries of the record being written; reused for the next one.
    private var entries: [IndexEntry] = []

    /// The most pages that the writes may have changed: for each added or removed entry its page and a share of the
    /// parents, and the same for the record.
    private(set) var pages = 0
    /// The applied writes of the group.
    private(set) var applied: [RecentWrites.Entry] = []

    /// - Parameter reusable: space released in transactions up to this one can be reused.
    init(
        _ environment: LMDBEnvironment, _ transaction: borrowing WriteTransaction, reusable: UInt64
    ) throws(ServiceError) {
        self.environment = environment
        heap = try HeapWriter(environment, transaction, reusable: reusable)
        changes = ChangeWriter(environment, environment.session)
        number = transaction.number
        let cursor = try transaction.cursor(environment.records)
        let last = unsafe try cursor.move(.last) { key, _ in unsafe ArticleID(bytes: RawSpan(_unsafeBytes: key)) }
        lastID = (last ?? nil) ?? ArticleID(high: 0, low: 0)
        beginGroup()
    }

    /// Begins a group in the same transaction.
    mutating func beginGroup() {
        applied.removeAll(keepingCapacity: true)
        changes?.beginGroup()
        now = clinux_wall_clock_ms()
    }

    /// More writes join the group. What they store is not older than they are.
    mutating func moreJoined() { now = max(now, clinux_wall_clock_ms()) }

    /// Applies a write, or returns why it is refused; then nothing has changed.
    ///
    /// Throws errors that affect the whole transaction.
    mutating func make(
        _ write: PendingWrite, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) -> WriteResult {
        var owner: ArticleID? = write.keySize == 0 ? nil : try unsafe self.owner(of: write.key, transaction)
        let former = try self.owner(ofFormer: write.formerKey, transaction)
        let id: ArticleID
        switch write.target {
        case .id(let named): id = named
        case .key(let new): id = former ?? owner ?? new
        }
        if let former {
            if former == id {
                // It was stored when the two forms of the key were two keys, and so was the other one.
                if let owner, owner != id, write.kind == .put { write.keepFormerKey() }
                owner = id
            } else if owner == nil || owner == id {
                owner = former
            }
        }
        let present = try self.present(id, write, transaction)
        switch write.kind {
        case .put: return try put(write, id, owner, present, transaction)
        case .delete: return try delete(write, id, present, transaction)
        }
    }

    /// Writes the pending records to the heap.
    mutating func flush() throws(ServiceError) { try heap.flush() }

    /// The number of records, including those of the group.
    func count(_ transaction: borrowing WriteTransaction) throws(ServiceError) -> Int {
        try transaction.count(environment.records)
    }

    /// The sequence number of the last write.
    var sequence: UInt64 { heap.sequence }

    /// The earlier changes that the group's changes took the place of.
    var displaced: [UInt64] { changes?.displaced ?? [] }

    /// Bytes of the heap that records occupy.
    var used: Int { heap.used }

    /// The group failed: clears what it wrote to the heap.
    func clear() throws(ServiceError) {
        for write in applied {
            try environment.heap.clear(Extent(offset: write.location.offset, size: write.location.extent))
        }
    }

    /// Must be called before the commit.
    mutating func finish(_ transaction: borrowing WriteTransaction) throws(ServiceError) {
        try heap.finish(transaction)
        try changes?.finish(at: now, transaction)
    }

    /// The existing record of a write.
    private struct Present {
        /// `nil` if it is damaged. It can then be replaced or deleted as if it were at revision 0. Its entries stay
        /// in the index, where they match nothing.
        var header: RecordHeader?
        /// Its location; `nil` if an earlier version wrote it. The location of a damaged record cannot be trusted.
        var location: HeapLocation?
        var entries: [IndexEntry] = []
        /// The write would store what is already there.
        var isSame = false

        /// The sequence number of a damaged record, if that part of it is intact.
        var sealedSequence: UInt64?

        var revision: UInt64 { header?.revision ?? 0 }

        var change: ChangeWriter.Before {
            (header?.sequence ?? sealedSequence).map { .at($0) } ?? .unknown
        }
    }

    private mutating func put(
        _ write: PendingWrite, _ id: ArticleID, _ owner: ArticleID?, _ present: Present?,
        _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) -> WriteResult {
        // No record has the key, but the id for a new record is taken.
        var isTaken = false
        if case .key = write.target { isTaken = owner == nil && present != nil }
        if let conflict = conflict(write, id, isTaken ? 0 : present?.revision ?? 0) { return conflict }
        if isTaken {
            return refuse(.alreadyExists, "the id \(id) of the new article is taken: generate another one", id)
        }
        if let owner, owner != id {
            return refuse(
                .alreadyExists, "the key belongs to the article \(owner): change that article, or use another key",
                owner)
        }
        if let present, let header = present.header, present.isSame {
            return WriteResult(
                .unchanged, id: id, revision: header.revision, createdAt: header.createdAt, storedAt: header.storedAt)
        }
        let revision = (present?.revision ?? 0) + 1
        let createdAt = write.createdAt ?? present?.header?.createdAt ?? now
        let storedAt = max(now, present?.header?.storedAt ?? now)
        let (location, stamp) = try heap.take(id, unsafe write.record.count, transaction)
        write.fill(id, revision: revision, createdAt: createdAt, storedAt: storedAt, stamp)
        let isLast = present == nil && id > lastID
        if present != nil { environment.writeStamps.note(id, in: number) }
        try unsafe heap.put(id, write.record, at: location, atEnd: isLast, transaction)
        if let left = present?.location { try heap.release(left, transaction) }
        try changes?.put(ChangeEntry(stamp.sequence, id), insteadOf: present?.change ?? .none, transaction)
        if isLast { lastID = id }
        unsafe RecordEntries.fill(
            &entries, id, key: write.key, time: write.time ?? createdAt, terms: write.terms, environment.hash)
        try transaction.index(entries, insteadOf: present?.entries ?? [], environment.index)
        pages += 2 * (3 + entries.count + (present?.entries.count ?? 0))
        applied.append(
            RecentWrites.Entry(
                id: id, keyList: entries.first(where: \.isOfKey)?.list, location: location, isGone: false)
        )
        return WriteResult(
            revision == 1 ? .created : .updated, id: id, revision: revision, createdAt: createdAt, storedAt: storedAt)
    }

    private mutating func delete(
        _ write: PendingWrite, _ id: ArticleID, _ present: Present?, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) -> WriteResult {
        guard let present else { return refuse(.notFound, "there is no such article", id) }
        if let conflict = conflict(write, id, present.revision) { return conflict }
        environment.writeStamps.note(id, in: number)
        let (location, stamp) = try heap.take(id, RecordHeader.size, transaction)
        let (createdAt, storedAt) = (present.header?.createdAt ?? 0, present.header?.storedAt ?? 0)
        write.fill(
            id, revision: present.revision, createdAt: createdAt, storedAt: storedAt, deletedAt: now, stamp)
        unsafe try id.withKey { key throws(ServiceError) in try unsafe transaction.delete(key, environment.records) }
        try unsafe heap.delete(write.record, at: location, transaction)
        if let left = present.location { try heap.release(left, transaction) }
        try changes?.delete(
            ChangeEntry(stamp.sequence, id), Deletion(revision: present.revision, deletedAt: now),
            insteadOf: present.change, transaction)
        try transaction.index([], insteadOf: present.entries, environment.index)
        pages += 2 * (3 + present.entries.count)
        applied.append(RecentWrites.Entry(id: id, keyList: nil, location: location, isGone: true))
        return WriteResult(
            .deleted, id: id, revision: present.revision, createdAt: createdAt, storedAt: storedAt)
    }

    /// Looks up the existing record.
    private mutating func present(
        _ id: ArticleID, _ write: PendingWrite, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) -> Present? {
        if id > lastID { return nil }
        return unsafe try id.withKey { key throws(ServiceError) in
            try unsafe transaction.lend(key, environment.records) { value throws(ServiceError) in
                guard let record = unsafe try heap.record(id, value) else {
                    return Present(sealedSequence: unsafe environment.sealedSequence(id, value))
                }
                let entries = unsafe RecordEntries.of(
                    id, key: record.key, time: record.header.time, terms: record.terms, environment.hash)
                return Present(
                    header: record.header, location: unsafe HeapLocation(value), entries: entries,
                    isSame: isSame(write, record))
            }
        }
    }

    private func isSame(_ write: PendingWrite, _ record: RecordView) -> Bool {
        guard write.kind == .put, write.contentChecksum == record.header.contentChecksum,
            write.createdAt ?? record.header.createdAt == record.header.createdAt,
            write.time ?? record.header.createdAt == record.header.time
        else { return false }
        return unsafe Memory.equal(write.content, record.content) && Memory.equal(write.key, record.key)
            && PackedTerms.areEqual(write.terms, record.terms)
    }

    /// The record that has the key of another form; `nil` if there is no such key.
    private mutating func owner(
        ofFormer key: [UInt8], _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) -> ArticleID? {
        guard !key.isEmpty else { return nil }
        return try unsafe key.rawSpan.withUnsafeBytes { key throws(ServiceError) in
            try unsafe owner(of: key, transaction)
        }
    }

    /// The record that has the key.
    private mutating func owner(
        of key: UnsafeRawBufferPointer, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) -> ArticleID? {
        let list = unsafe IndexEntry.list(key: key, environment.hash)
        let cursor = try transaction.cursor(environment.index)
        var position = IndexEntry(list: list, time: 0, id: ArticleID(high: 0, low: 0))
        var found = unsafe try position.withBytes { bytes throws(ServiceError) in
            try unsafe cursor.seek(bytes) { key, _ in unsafe IndexEntry(key) } ?? nil
        }
        while let entry = found, entry.list == list {
            position = entry
            let isOwner = unsafe try entry.id.withKey { id throws(ServiceError) in
                try unsafe transaction.lend(id, environment.records) { value throws(ServiceError) in
                    // Two keys with the same hash are practically impossible: the damaged record had this key.
                    unsafe try heap.record(entry.id, value).map { unsafe Memory.equal($0.key, key) } ?? true
                }
            }
            if isOwner == true { return entry.id }
            found = try unsafe cursor.move(.next) { key, _ in unsafe IndexEntry(key) } ?? nil
        }
        return nil
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
}
