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
    }

    private struct State {
        var records: [ArticleID: Record] = [:]
        var keys: [[UInt8]: ArticleID] = [:]
        var clock: Int64 = 1_000_000
        var writes: UInt64 = 0
    }

    static let descriptor = PluginDescriptor(name: "memory", version: "1")
    private let state = Mutex(State())

    init(context: PluginContext) throws {}

    /// Ids that no engine can read. Each test uses its own.
    static let damaged = Mutex<Set<ArticleID>>([])

    func read(id: ArticleID, _ lend: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Bool {
        if Self.damaged.withLock({ $0.contains(id) }) { throw ServiceError(.dataLoss, "\(id) is damaged") }
        guard let record = state.withLock({ $0.records[id] }) else { return false }
        Self.lend(id, record, lend)
        return true
    }

    func read(key: RawSpan, _ lend: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Bool {
        let key = Self.copy(key)
        guard let id = state.withLock({ $0.keys[key] }) else { return false }
        return try read(id: id, lend)
    }

    /// Ids that were prefetched from any engine. Each test uses its own.
    static let prefetched = Mutex<[ArticleID]>([])

    func prefetch(id: ArticleID) { Self.prefetched.withLock { $0.append(id) } }

    func scan(_ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool) throws(ServiceError) {
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
            if !goesOn { return }
        }
    }

    /// Ids whose writes take effect but are answered with an unknown outcome. Each test uses its own.
    static let doubtful = Mutex<Set<ArticleID>>([])

    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        var result = apply(write)
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
        let key = Self.copy(write.key)
        let content = Self.copy(write.content)
        return state.withLock { state in
            let id: ArticleID
            switch write.target {
            case .id(let named): id = named
            case .key(let new): id = state.keys[key] ?? new
            }
            let present = state.records[id]
            if let expected = write.expectedRevision, expected != present?.revision ?? 0 {
                let error = ServiceError(.conflict, "at revision \(present?.revision ?? 0)")
                return WriteResult(.refused(error), id: id, revision: present?.revision ?? 0)
            }
            if write.kind == .delete {
                guard let present else { return WriteResult(.refused(ServiceError(.notFound, "not there")), id: id) }
                state.records[id] = nil
                state.keys[present.key] = nil
                return WriteResult(.deleted, id: id, revision: present.revision)
            }
            if !key.isEmpty, let owner = state.keys[key], owner != id {
                return WriteResult(.refused(ServiceError(.alreadyExists, "the URL is \(owner)'s")), id: owner)
            }
            if let present, present.content == content, present.key == key, present.terms == write.terms,
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
            let created = present?.createdAt ?? state.clock
            let record = Record(
                revision: (present?.revision ?? 0) + 1, createdAt: created, storedAt: state.clock,
                time: write.time ?? created, isTimed: write.time != nil, checksum: write.contentChecksum,
                content: content, key: key, terms: write.terms)
            state.records[id] = record
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
