// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

/// A copy of a storage's records that follows its changes, as a plugin would.
struct ChangeMirror {
    private(set) var records: [ArticleID: RecordCopy] = [:]
    /// Where it goes on; `nil`: it has not begun.
    private(set) var position: ChangePosition?
    /// How often the storage did not know the position, so that the mirror began with all records again.
    private(set) var restarts = 0
    /// The changes of the last call.
    private(set) var changes: [Change] = []

    /// Takes over changes, page by page, as far as there are any.
    mutating func follow(
        _ storage: any ArticleStorage, limit: Int = 256, bytes: Int = 1 << 20, pages: Int = .max
    ) async throws {
        changes = []
        for _ in 0..<pages {
            let page: ChangePage
            do {
                page = try await storage.fetch(query(limit, bytes))
            } catch {
                guard error.code == .outOfRange, position != nil else { throw error }
                beginAnew()
                continue
            }
            guard try apply(page.changes, page.progress) else { return }
        }
    }

    /// The same for an engine that lends at once.
    mutating func follow(
        lending storage: any ArticleStorage, limit: Int = 256, bytes: Int = 1 << 20, pages: Int = .max
    ) throws {
        changes = []
        for _ in 0..<pages {
            var found: [Change] = []
            do {
                let progress = try storage.lend(query(limit, bytes)) { change in
                    found.append(Change(change))
                    return true
                }
                guard try apply(found, #require(progress)) else { return }
            } catch let error as ServiceError where error.code == .outOfRange && position != nil {
                beginAnew()
            }
        }
    }

    /// Takes over changes until the records are those that the storage lists. Every write has been answered.
    mutating func catchUp(_ storage: any ArticleStorage, limit: Int = 256) async throws {
        let signal = try #require(ChangeSignal(storage))
        var all: [Change] = []
        while true {
            try await follow(storage, limit: limit)
            all += changes
            if try await isEqual(storage) { break }
            await signal.wait()
        }
        changes = all
    }

    func isEqual(_ storage: any ArticleStorage) async throws -> Bool {
        let listed = try await storage.listed()
        return listed.count == records.count && listed.allSatisfy { records[$0.id] == $0 }
    }

    func isEqual(lending storage: any ArticleStorage) throws -> Bool {
        let listed = try storage.list()
        return listed.count == records.count && listed.allSatisfy { records[$0.id] == $0 }
    }

    private func query(_ limit: Int, _ bytes: Int) -> ChangeQuery {
        ChangeQuery(position.map { .after($0) } ?? .beginning, limit: limit, bytes: bytes)
    }

    private mutating func beginAnew() {
        (position, records) = (nil, [:])
        restarts += 1
    }

    /// - Returns: whether to go on.
    private mutating func apply(_ found: [Change], _ progress: ChangeProgress) throws -> Bool {
        var last = position?.sequence ?? 0
        for change in found {
            try #require(change.sequence > last, "in order")
            last = change.sequence
            switch change.kind {
            case .put: records[change.record.id] = change.record
            case .delete: records[change.record.id] = nil
            }
        }
        try #require(progress.position.sequence >= last)
        // Held back until something is on disk: a notification comes.
        let isStuck = progress.hasMore && found.isEmpty && progress.position.sequence == position?.sequence
        // As a plugin keeps it.
        let kept = progress.position.bytes
        position = ChangePosition(bytes: kept)
        try #require(position == progress.position)
        changes += found
        return progress.hasMore && !isStuck
    }
}
