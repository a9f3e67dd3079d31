// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Synchronization

/// A storage engine in memory that follows the rules of the header. It completes writes on another thread.
final class MemoryEngine: StorageEngine {
    struct Record {
        var revision: UInt64
        var createdAt: Int64
        var storedAt: Int64
        var time: Int64
        var isTimed: Bool
        var checksum: UInt32
        var content: [UInt8]
        var key: [UInt8]
        var terms: TermList
        /// Of its latest change.
        var sequence: UInt64
    }

    fileprivate struct State {
        var records: [ArticleID: Record] = [:]
        var keys: [[UInt8]: ArticleID] = [:]
        var clock: Int64 = 1_000_000
        var writes: UInt64 = 0
        var changes = Changes()
    }

    static let descriptor = PluginDescriptor(name: "memory", version: "1")
    private let state = Mutex(State())

    init(context: PluginContext) throws {
        // Other tests configure it in their own ways.
        if let name = (try? context.configuration.decode(Named.self))?.name { Self.all.withLock { $0[name] = self } }
    }

    private struct Named: Decodable {
        var name: String
    }

    private static let all = Mutex<[String: MemoryEngine]>([:])

    /// The engine that was started with this name in its configuration.
    static func named(_ name: String) -> MemoryEngine? { all.withLock { $0[name] } }

    /// Ids that no engine can read. Each test uses its own.
    static let damaged = Mutex<Set<ArticleID>>([])

    func lend(id: ArticleID, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent {
        if Self.damaged.withLock({ $0.contains(id) }) { throw ServiceError(.dataLoss, "\(id) is damaged") }
        guard let record = state.withLock({ $0.records[id] }) else { return .missing }
        Self.lend(id, record, body)
        return .found
    }

    func lend(key: RawSpan, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent {
        let key = Self.copy(key)
        guard let id = state.withLock({ $0.keys[key] }) else { return .missing }
        return try lend(id: id, body)
    }

    /// Ids that were prefetched from any engine. Each test uses its own.
    static let prefetched = Mutex<[ArticleID]>([])

    func prefetch(id: ArticleID) { Self.prefetched.withLock { $0.append(id) } }

    func lend(_ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool) throws(ServiceError) -> Lent {
        let all = state.withLock { $0.records }.sorted { ($0.value.time, $0.key) > ($1.value.time, $1.key) }
        var left = query.limit
        for (id, record) in all where left > 0 && Self.matches(id, record, query) {
            left -= 1
            var goesOn = true
            if Self.damaged.withLock({ $0.contains(id) }) {
                goesOn = visit(
                    StoredRecord(
                        id: id, revision: 0, createdAt: 0, storedAt: 0, time: record.time, contentChecksum: .max,
                        content: RawSpan(), key: RawSpan()))
            } else {
                Self.lend(id, record) { goesOn = visit($0) }
            }
            if !goesOn { return .found }
        }
        return .found
    }

    /// Ids whose writes take effect but are answered with an unknown outcome. Each test uses its own.
    static let doubtful = Mutex<Set<ArticleID>>([])

    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        var result = apply(write)
        for watcher in state.withLock({ Array($0.changes.watchers.values) }) { watcher() }
        if Self.doubtful.withLock({ $0.contains(result.id) }) {
            result.outcome = .refused(ServiceError(.outcomeUnknown, "the disk failed"))
        }
        Task.detached { completion(result) }
    }

    func statistics() throws(ServiceError) -> StorageStatistics {
        state.withLock {
            StorageStatistics(
                records: UInt64($0.records.count), usedBytes: 1, fileBytes: 2, transactions: 3, writes: $0.writes)
        }
    }

    private func apply(_ write: borrowing StorageWrite) -> WriteResult {
        var key = Self.copy(write.key)
        let formerKey = Self.copy(write.formerKey)
        let content = Self.copy(write.content)
        return state.withLock { state in
            let id: ArticleID
            switch write.target {
            case .id(let named): id = named
            case .key(let new): id = state.keys[formerKey] ?? state.keys[key] ?? new
            }
            if state.keys[formerKey] == id, let owner = state.keys[key], owner != id { key = formerKey }
            let present = state.records[id]
            if let expected = write.expectedRevision, expected != present?.revision ?? 0 {
                let error = ServiceError(.conflict, "at revision \(present?.revision ?? 0)")
                return WriteResult(.refused(error), id: id, revision: present?.revision ?? 0)
            }
            if write.kind == .delete {
                guard let present else { return WriteResult(.refused(ServiceError(.notFound, "not there")), id: id) }
                state.records[id] = nil
                state.keys[present.key] = nil
                state.clock += 1
                state.changes.deleted[id] = Changes.Deletion(
                    sequence: state.changes.next(), revision: present.revision, at: state.clock)
                return WriteResult(.deleted, id: id, revision: present.revision)
            }
            if !key.isEmpty, let owner = state.keys[key], owner != id {
                return WriteResult(.refused(ServiceError(.alreadyExists, "the URL is \(owner)'s")), id: owner)
            }
            if let present, present.content == content, present.key == key, present.terms == write.terms,
                write.createdAt ?? present.createdAt == present.createdAt,
                present.isTimed ? present.time == write.time : write.time == nil
            {
                return WriteResult(
                    .unchanged, id: id, revision: present.revision, createdAt: present.createdAt,
                    storedAt: present.storedAt)
            }
            state.clock += 1
            state.writes += 1
            if let present { state.keys[present.key] = nil }
            if !key.isEmpty { state.keys[key] = id }
            let created = write.createdAt ?? present?.createdAt ?? state.clock
            let record = Record(
                revision: (present?.revision ?? 0) + 1, createdAt: created, storedAt: state.clock,
                time: write.time ?? created, isTimed: write.time != nil, checksum: write.contentChecksum,
                content: content, key: key, terms: write.terms, sequence: state.changes.next())
            state.records[id] = record
            state.changes.deleted[id] = nil
            return WriteResult(
                present == nil ? .created : .updated, id: id, revision: record.revision, createdAt: created,
                storedAt: state.clock)
        }
    }

    private static func matches(_ id: ArticleID, _ record: Record, _ query: StorageQuery) -> Bool {
        if let from = query.from, record.time < from { return false }
        if let until = query.until, record.time >= until { return false }
        if let after = query.after, (record.time, id) >= (after.time, after.id) { return false }
        return terms(query.terms).isSubset(of: terms(record.terms))
    }

    private static func terms(_ list: TermList) -> Set<[UInt8]> {
        var terms: Set<[UInt8]> = []
        func add(_ term: RawSpan) { terms.insert(copy(term)) }
        list.forEach(add)
        return terms
    }

    private static func lend(_ id: ArticleID, _ record: Record, _ body: (borrowing StoredRecord) -> Void) {
        body(
            unsafe StoredRecord(
                id: id, revision: record.revision, createdAt: record.createdAt, storedAt: record.storedAt,
                time: record.time, contentChecksum: record.checksum, content: record.content.span.bytes,
                key: record.key.span.bytes))
    }

    private static func copy(_ bytes: RawSpan) -> [UInt8] { unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
}

// Changes.
extension MemoryEngine {
    fileprivate struct Changes {
        struct Deletion {
            var sequence: UInt64
            var revision: UInt64
            var at: Int64
        }

        var epoch = ChangePosition.Epoch(high: .random(in: 0 ... .max), low: 1)
        var last: UInt64 = 0
        var deleted: [ArticleID: Deletion] = [:]
        /// Deletions up to this one are forgotten.
        var forgotten: UInt64 = 0
        var watchers: [Int: @Sendable () -> Void] = [:]
        var watched = 0

        mutating func next() -> UInt64 {
            last += 1
            return last
        }
    }

    /// Forgets all deletions.
    func forgetDeletions() {
        state.withLock { state in
            state.changes.deleted = [:]
            state.changes.forgotten = state.changes.last
        }
    }

    /// How many are notified of changes.
    var watcherCount: Int { state.withLock { $0.changes.watchers.count } }

    func lend(
        _ query: ChangeQuery, _ visit: (borrowing StoredChange) -> Bool
    ) throws(ServiceError) -> ChangeProgress? {
        let (state, all) = state.withLock { ($0, $0.orderedChanges) }
        var position = ChangePosition(epoch: state.changes.epoch, sequence: 0)
        switch query.start {
        case .beginning: break
        case .end:
            position.sequence = state.changes.last
            return ChangeProgress(position: position, hasMore: false)
        case .after(let after):
            guard after.epoch == state.changes.epoch, after.sequence <= state.changes.last,
                after.sequence >= state.changes.forgotten
            else { throw ServiceError(.outOfRange, "the position is not known") }
            position = after
        }
        var left = query.limit
        var bytes = 0
        for change in all where change.sequence > position.sequence {
            guard left > 0, bytes < query.bytes else { return ChangeProgress(position: position, hasMore: true) }
            left -= 1
            bytes += change.record.content.count
            position.sequence = change.sequence
            if !change.lend(visit) { return ChangeProgress(position: position, hasMore: true) }
        }
        position.sequence = state.changes.last
        return ChangeProgress(position: position, hasMore: false)
    }

    func watchChanges(_ notify: @escaping @Sendable () -> Void) -> ChangeWatch? {
        let number = state.withLock { state in
            state.changes.watched += 1
            state.changes.watchers[state.changes.watched] = notify
            return state.changes.watched
        }
        return ChangeWatch { self.state.withLock { $0.changes.watchers[number] = nil } }
    }
}

extension MemoryEngine.State {
    fileprivate var orderedChanges: [Change] {
        let stored = records.map { id, record in
            let isDamaged = MemoryEngine.damaged.withLock { $0.contains(id) }
            return Change(
                sequence: record.sequence, kind: .put,
                record: RecordCopy(
                    id: id, revision: record.revision, createdAt: record.createdAt, storedAt: record.storedAt,
                    time: record.time, contentChecksum: isDamaged ? .max : record.checksum,
                    content: isDamaged ? [] : record.content, key: record.key))
        }
        let deleted = changes.deleted.map { id, deletion in
            Change(
                sequence: deletion.sequence, kind: .delete,
                record: RecordCopy(
                    id: id, revision: deletion.revision, createdAt: 0, storedAt: deletion.at, time: 0,
                    contentChecksum: 0, content: [], key: []))
        }
        return (stored + deleted).sorted { $0.sequence < $1.sequence }
    }
}
