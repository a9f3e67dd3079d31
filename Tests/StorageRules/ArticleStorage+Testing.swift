// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Synchronization

extension StoredRecord {
    var contentBytes: [UInt8] { unsafe content.withUnsafeBytes { unsafe [UInt8]($0) } }
}

extension TermList {
    init(_ terms: [String]) {
        self.init()
        for term in terms { append("", Array(term.utf8).rawSpan) }
    }
}

extension ArticleStorage {
    /// The record with this id, from any engine.
    func current(_ id: ArticleID) async throws -> RecordCopy? {
        var copy: RecordCopy?
        let isFound = try await read(id: id) { copy = RecordCopy($0) }
        return isFound ? copy : nil
    }

    func current(key: [UInt8]) async throws -> RecordCopy? {
        var copy: RecordCopy?
        let isFound = try await read(key: key) { copy = RecordCopy($0) }
        return isFound ? copy : nil
    }

    func current(key: String) async throws -> RecordCopy? { try await current(key: Array(key.utf8)) }

    func listed(
        _ terms: [String] = [], from: Int64? = nil, until: Int64? = nil, after: StorageQuery.Position? = nil,
        limit: Int = .max
    ) async throws -> [RecordCopy] {
        var found: [RecordCopy] = []
        let query = StorageQuery(terms: TermList(terms), from: from, until: until, after: after, limit: limit)
        try await scan(query) {
            found.append(RecordCopy($0))
            return true
        }
        return found
    }

    /// The record with this id, from an engine that lends at once.
    func copy(_ id: ArticleID) throws -> RecordCopy? {
        var copy: RecordCopy?
        let isFound = try lend(id: id) { copy = RecordCopy($0) } == .found
        return isFound ? copy : nil
    }

    func copy(key: [UInt8]) throws -> RecordCopy? {
        var copy: RecordCopy?
        let isFound = try lend(key: key.rawSpan) { copy = RecordCopy($0) } == .found
        return isFound ? copy : nil
    }

    func copy(key: String) throws -> RecordCopy? { try copy(key: Array(key.utf8)) }

    func list(
        _ terms: [String] = [], from: Int64? = nil, until: Int64? = nil, after: StorageQuery.Position? = nil,
        limit: Int = .max
    ) throws -> [RecordCopy] {
        var found: [RecordCopy] = []
        let query = StorageQuery(terms: TermList(terms), from: from, until: until, after: after, limit: limit)
        guard
            try lend(
                query,
                { record in
                    found.append(RecordCopy(record))
                    return true
                }) == .found
        else { throw ServiceError(.unimplemented, "the engine does not lend at once") }
        return found
    }

    func put(
        _ target: StorageWrite.Target, content: [UInt8], expected: UInt64? = nil, key: [UInt8] = [],
        former: [UInt8] = [], time: Int64? = nil, createdAt: Int64? = nil, terms: [String] = [],
        checksum: UInt32? = nil, completion: @escaping @Sendable (WriteResult) -> Void
    ) {
        let write = StorageWrite(
            put: target, key: key.rawSpan, formerKey: former.rawSpan, expectedRevision: expected, time: time,
            createdAt: createdAt, content: content.rawSpan, contentChecksum: checksum ?? CRC32C.checksum(content),
            terms: TermList(terms))
        self.write(write, completion: completion)
    }

    func put(
        _ target: StorageWrite.Target, content: [UInt8], expected: UInt64? = nil, key: [UInt8] = [],
        former: [UInt8] = [], time: Int64? = nil, createdAt: Int64? = nil, terms: [String] = [],
        checksum: UInt32? = nil
    ) async -> WriteResult {
        await withCheckedContinuation { continuation in
            put(
                target, content: content, expected: expected, key: key, former: former, time: time,
                createdAt: createdAt, terms: terms, checksum: checksum
            ) {
                continuation.resume(returning: $0)
            }
        }
    }

    func put(
        _ target: StorageWrite.Target, _ content: String, expected: UInt64? = nil, key: String = "",
        former: String = "", time: Int64? = nil, createdAt: Int64? = nil, terms: [String] = []
    ) async -> WriteResult {
        await put(
            target, content: Array(content.utf8), expected: expected, key: Array(key.utf8),
            former: Array(former.utf8), time: time, createdAt: createdAt, terms: terms)
    }

    func delete(_ id: ArticleID, expected: UInt64? = nil) async -> WriteResult {
        await write(StorageWrite(delete: id, expectedRevision: expected))
    }

    func delete(key: String, former: String = "", expected: UInt64? = nil) async -> WriteResult {
        await withCheckedContinuation { continuation in
            let (key, former) = (Array(key.utf8), Array(former.utf8))
            self.write(StorageWrite(deleteKey: key.rawSpan, formerKey: former.rawSpan, expectedRevision: expected)) {
                continuation.resume(returning: $0)
            }
        }
    }
}

extension WriteResult {
    var refusal: StatusCode? {
        if case .refused(let error) = outcome { return error.code }
        return nil
    }
}

extension WriteResult.Outcome {
    var isCreated: Bool { if case .created = self { true } else { false } }
    var isUpdated: Bool { if case .updated = self { true } else { false } }
    var isUnchanged: Bool { if case .unchanged = self { true } else { false } }
    var isDeleted: Bool { if case .deleted = self { true } else { false } }
}

/// Collects the results of concurrent writes, in the order of the writes.
final class Answers: Sendable {
    private struct State {
        var results: [WriteResult?] = []
        var waiting: CheckedContinuation<[WriteResult], Never>?

        var complete: [WriteResult]? {
            let known = results.compactMap { $0 }
            return known.count == results.count ? known : nil
        }
    }

    private let state = Mutex(State())

    /// Starts a write.
    func put(
        _ storage: any ArticleStorage, _ target: StorageWrite.Target, _ content: [UInt8], expected: UInt64? = nil,
        key: [UInt8] = []
    ) {
        let index = state.withLock { state in
            state.results.append(nil)
            return state.results.count - 1
        }
        storage.put(target, content: content, expected: expected, key: key) { result in
            let waiting = self.state.withLock { state -> (CheckedContinuation<[WriteResult], Never>, [WriteResult])? in
                state.results[index] = result
                guard let waiting = state.waiting, let all = state.complete else { return nil }
                state.waiting = nil
                return (waiting, all)
            }
            waiting?.0.resume(returning: waiting?.1 ?? [])
        }
    }

    /// Waits for all writes.
    func all() async -> [WriteResult] {
        await withCheckedContinuation { continuation in
            let all = state.withLock { state -> [WriteResult]? in
                if let all = state.complete { return all }
                state.waiting = continuation
                return nil
            }
            if let all { continuation.resume(returning: all) }
        }
    }
}
