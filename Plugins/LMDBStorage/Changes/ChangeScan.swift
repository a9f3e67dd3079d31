// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import HandlerKit

/// Reads changes in order, for a reader that comes back for more.
///
/// The tables of changes are not trusted: an entry counts only if its record has the same number. An entry of a record
/// that was replaced while it was damaged is skipped, and so is a deletion whose article was stored again.
struct ChangeScan {
    /// The most entries that one call looks at, with those that it skips: it runs on event loops.
    private static let maxSteps = 4096

    let query: ChangeQuery
    let reader: ThreadReader
    /// Why nothing more reaches the disk; `nil` if all is well.
    let failure: ServiceError?

    private var environment: LMDBEnvironment { reader.environment }

    func run(_ visit: (borrowing StoredChange) -> Bool) throws(ServiceError) -> ChangeProgress {
        guard let tables = environment.changes else {
            throw ServiceError(.internal, "the index \(environment.path) has no tables of changes")
        }
        let committed = try reader.space().sequence
        let (start, begun) = try place(committed, tables)
        let limit = environment.horizon.limit(after: start, committed: committed)
        func progress(_ sequence: UInt64, hasMore: Bool) throws(ServiceError) -> ChangeProgress {
            let cursor = try reader.cursor(tables.history)
            guard let made = try ChangeHistory.session(of: limit.seen, cursor) else { throw Self.damaged(environment) }
            let view = ReaderView(made.session, begun: begun ?? limit.seen, seen: limit.seen)
            return ChangeProgress(
                position: ChangePosition(epoch: view.epoch, sequence: sequence), hasMore: hasMore)
        }
        if query.start == .end { return try progress(limit.seen, hasMore: false) }

        var changes = try MergedChanges(reader, tables, after: start)
        var (last, visited, bytes, steps) = (start, 0, 0, 0)
        var goesOn = true
        while let next = changes.next, next.entry.sequence <= limit.end {
            guard goesOn, steps < Self.maxSteps, visited < query.limit, visited == 0 || bytes < query.bytes else {
                return try progress(last, hasMore: true)
            }
            switch try lend(next, limit, &bytes, visit) {
            case .skipped: break
            case .visited(let result): (visited, goesOn) = (visited + 1, result)
            }
            steps += 1
            last = next.entry.sequence
            try changes.advance()
        }
        let isHeld = limit.end < limit.seen
        // It would be held for ever.
        if isHeld, visited == 0, limit.end <= start, let failure { throw failure }
        return try progress(max(start, limit.end), hasMore: isHeld || limit.isBehind)
    }

    // MARK: Where to begin

    /// The last change before the first one to read, and the last change when the reader began; `nil`: it begins now.
    private func place(
        _ committed: UInt64, _ tables: ChangeTables
    ) throws(ServiceError) -> (start: UInt64, begun: UInt64?) {
        guard case .after(let position) = query.start else { return (0, nil) }
        let view = ReaderView(position.epoch)
        let cursor = try reader.cursor(tables.history)
        let made = try ChangeHistory.session(of: view.seen, cursor)
        guard let made, view.isOf(made.session), view.seen <= committed, view.seen >= made.first - min(made.first, 1),
            position.sequence <= view.seen, view.begun <= view.seen
        else {
            throw ServiceError(
                .outOfRange,
                "this storage does not know the position in its changes: it belongs to another storage, to one that was rebuilt or restored since, or to a time long ago. Read all articles again, from the beginning"
            )
        }
        let forgotten = try ChangeHistory.about(cursor, environment.path).forgotten
        guard max(position.sequence, view.begun) >= forgotten else {
            throw ServiceError(
                .outOfRange,
                "deletions after the position in the changes were forgotten (keepDeletions): read all articles again, from the beginning"
            )
        }
        return (position.sequence, view.begun)
    }

    private static func damaged(_ environment: LMDBEnvironment) -> ServiceError {
        ServiceError(.dataLoss, "\(environment.path) does not say which session made its changes")
    }

    // MARK: One change

    private enum Outcome {
        case skipped
        /// With what `visit` returned.
        case visited(Bool)
    }

    private func lend(
        _ found: MergedChanges.Found, _ limit: ChangeHorizon.Limit, _ bytes: inout Int,
        _ visit: (borrowing StoredChange) -> Bool
    ) throws(ServiceError) -> Outcome {
        switch found.deletion {
        case nil: try lend(found.entry, &bytes, visit)
        case let deletion?: try lend(found.entry, deletion, limit, visit)
        }
    }

    private func lend(
        _ entry: ChangeEntry, _ bytes: inout Int, _ visit: (borrowing StoredChange) -> Bool
    ) throws(ServiceError) -> Outcome {
        do throws(ServiceError) {
            let result = try reader.record(entry.id) { record throws(ServiceError) -> Bool? in
                guard record.header.sequence == entry.sequence else { return nil }
                bytes += Int(record.header.contentSize)
                return visit(
                    StoredChange(
                        sequence: entry.sequence, kind: .put,
                        record: unsafe StoredRecord(
                            id: entry.id, revision: record.header.revision, createdAt: record.header.createdAt,
                            storedAt: record.header.storedAt, time: record.header.time,
                            contentChecksum: record.header.contentChecksum,
                            content: RawSpan(_unsafeBytes: record.content), key: RawSpan(_unsafeBytes: record.key))))
            }
            return (result ?? nil).map { .visited($0) } ?? .skipped
        } catch {
            guard error.code == .dataLoss else { throw error }
            // The record cannot be read. What follows it can.
            return .visited(
                visit(
                    StoredChange(
                        sequence: entry.sequence, kind: .put,
                        record: StoredRecord(
                            id: entry.id, revision: 0, createdAt: 0, storedAt: 0, time: 0, contentChecksum: .max,
                            content: RawSpan(), key: RawSpan()))))
        }
    }

    private func lend(
        _ entry: ChangeEntry, _ deletion: Deletion, _ limit: ChangeHorizon.Limit,
        _ visit: (borrowing StoredChange) -> Bool
    ) throws(ServiceError) -> Outcome {
        do throws(ServiceError) {
            // One that was stored again, but is not on disk, may be gone after a power failure.
            let isStored = try reader.record(entry.id) { record in
                record.header.sequence > entry.sequence && record.header.sequence <= limit.seen
            }
            if isStored == true { return .skipped }
        } catch {
            guard error.code == .dataLoss else { throw error }
        }
        return .visited(
            visit(
                StoredChange(
                    sequence: entry.sequence, kind: .delete,
                    record: StoredRecord(
                        id: entry.id, revision: deletion.revision, createdAt: 0, storedAt: deletion.deletedAt, time: 0,
                        contentChecksum: 0, content: RawSpan(), key: RawSpan()))))
    }
}

/// The entries of stored and deleted articles, in one order.
struct MergedChanges: ~Copyable {
    struct Found {
        let entry: ChangeEntry
        /// `nil`: the article was stored.
        let deletion: Deletion?
    }

    private let changes: Cursor
    private let deletions: Cursor
    private var stored: Found?
    private var deleted: Found?

    /// Begins with the first change after a sequence number.
    init(_ reader: ThreadReader, _ tables: ChangeTables, after sequence: UInt64) throws(ServiceError) {
        let changes = try reader.cursor(tables.changes)
        let deletions = try reader.cursor(tables.deletions)
        let first = ChangeEntry.first(after: sequence)
        stored =
            try unsafe first?.withBytes { key throws(ServiceError) in
                try unsafe changes.seek(key) { key, _ throws(ServiceError) in try unsafe Self.stored(key) }
            } ?? nil
        deleted =
            try unsafe first?.withBytes { key throws(ServiceError) in
                try unsafe deletions.seek(key) { key, value throws(ServiceError) in try unsafe Self.deleted(key, value)
                }
            } ?? nil
        self.changes = changes
        self.deletions = deletions
    }

    /// The next change; `nil` after the last one.
    var next: Found? {
        guard let stored, let deleted else { return stored ?? deleted }
        return deleted.entry < stored.entry ? deleted : stored
    }

    /// Moves to the change after ``next``.
    mutating func advance() throws(ServiceError) {
        guard let current = next else { return }
        if current.deletion == nil {
            stored = try unsafe changes.move(.next) { key, _ throws(ServiceError) in try unsafe Self.stored(key) }
        } else {
            deleted = try unsafe deletions.move(.next) { key, value throws(ServiceError) in
                try unsafe Self.deleted(key, value)
            }
        }
        // If the entries were not in order, the reader might never come to an end.
        if let next, next.entry <= current.entry { throw IndexDamage.outOfOrder }
    }

    private static func stored(_ key: UnsafeRawBufferPointer) throws(ServiceError) -> Found {
        guard let entry = unsafe ChangeEntry(key) else { throw invalid }
        return Found(entry: entry, deletion: nil)
    }

    private static func deleted(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(ServiceError) -> Found {
        guard let entry = unsafe ChangeEntry(key), let deletion = unsafe Deletion(value) else { throw invalid }
        return Found(entry: entry, deletion: deletion)
    }

    private static var invalid: ServiceError { ServiceError(.dataLoss, "the tables of changes have an invalid entry") }
}
