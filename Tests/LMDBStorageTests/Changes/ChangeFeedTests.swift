// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// What a reader of changes is shown, and what a verification finds in their tables.
@Suite(.timeLimit(.minutes(3))) struct ChangeFeedTests {
    private let store = FollowedStore()

    // MARK: What is shown

    /// A sync that fails leaves open whether the write exists. No reader is told of it before that is known.
    @Test func whatMayNotBeOnDiskIsNotShown() async throws {
        let disk = SimulatedDisk(store.directory.path)
        let storage = try LMDBEngine(ModelRun.plain, directory: store.directory.path, disk: disk)
        _ = await storage.put(.id(store.ids[0]), "kept")
        _ = await storage.put(.id(store.ids[1]), "kept too")
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        disk.state.withLock { $0.syncError = EIO }
        #expect(await storage.put(.id(store.ids[0]), "unknown").refusal == .outcomeUnknown)
        // Once it is in the tables, a new reader stops before the article whose last change is unknown, and is told why.
        var refused: StatusCode?
        while refused == nil {
            do {
                _ = try storage.lend(ChangeQuery(.beginning)) { _ in true }
            } catch {
                refused = error.code
            }
            await Task.yield()
        }
        #expect(refused == .unavailable)
        try mirror.follow(lending: storage)
        #expect(mirror.changes.isEmpty)
        let images = disk.images()
        storage.stop()
        var random = SeededNumbers(state: 9)
        for round in 0..<12 {
            let lost = TemporaryDirectory()
            StorageImage.afterPowerLoss(synced: images.synced, written: images.written, &random).write(to: lost.path)
            try mirror.verify(lost.path, "round \(round)")
        }
    }

    @Test func aDamagedArticleIsShownAsDamaged() async throws {
        var storage = try store.open()
        await store.fill(storage)
        storage.stop()
        try Damage.flip(Array("\(store.ids[4])".utf8), in: store.directory.path + "/articles.mdb-records")
        storage = try store.open()
        var found: [Change] = []
        _ = try storage.lend(ChangeQuery(.beginning)) { change in
            found.append(Change(change))
            return true
        }
        #expect(found.map(\.record.id) == store.ids)
        for change in found { #expect(change.record.lend { $0.isUnreadable } == (change.record.id == store.ids[4])) }
        // It is stored again: its number was intact, so its entry is gone.
        _ = await storage.put(.id(store.ids[4]), "again")
        storage.commitPending()
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        #expect(mirror.changes.count == 12 && mirror.changes.last?.record.id == store.ids[4])
        let findings = try await storage.verified().findings
        #expect(!findings.contains { $0.problem.contains("table of changes") })
        storage.stop()
    }

    /// The number is damaged too, so the old entry stays. Readers skip it, and it is no finding.
    @Test(arguments: [false, true]) func anEntryWithoutItsChangeIsSkipped(isDeleted: Bool) async throws {
        var storage = try store.open()
        await store.fill(storage)
        storage.stop()
        let heap = store.directory.path + "/articles.mdb-records"
        var bytes = FileBytes.read(heap)
        let key = try #require(bytes.firstRange(of: Array("\(store.ids[4])".utf8))).lowerBound
        for offset in key - RecordHeader.size..<key { bytes[offset] = 0xEE }
        FileBytes.write(bytes, to: heap)
        storage = try store.open()
        defer { storage.stop() }
        if isDeleted {
            #expect(await storage.delete(store.ids[4]).outcome.isDeleted)
        } else {
            #expect(await storage.put(.id(store.ids[4]), "again", key: "\(store.ids[4])").outcome.isCreated)
        }
        storage.commitPending()
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        #expect(mirror.changes.last?.kind == (isDeleted ? .delete : .put))
        #expect(mirror.changes.filter { $0.record.id == store.ids[4] }.count == 1)
        let findings = try await storage.verified().findings
        #expect(!findings.contains { $0.problem.contains("table of changes") })
    }

    /// Thousands of deletions whose articles are there again: no call looks at all of them, and the feed goes on by itself.
    @Test func manyChangesThatNoLongerCountAreSkippedInSteps() async throws {
        let storage = try store.open()
        defer { storage.stop() }
        let ids = (0..<4300).map { _ in ArticleID.generate() }
        await storage.fill(ids) { _ in [1] }
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        await withTaskGroup(of: Void.self) { group in
            for id in ids { group.addTask { _ = await storage.delete(id) } }
        }
        await storage.fill(ids) { _ in [2] }
        storage.commitPending()
        let position = try #require(mirror.position)
        let first = try await storage.fetch(ChangeQuery(.after(position)))
        #expect(first.changes.isEmpty && first.progress.hasMore && first.progress.position.sequence > position.sequence)
        var found: Set<ArticleID> = []
        for try await batch in storage.changes(after: position) {
            #expect(!batch.startsAnew && batch.changes.allSatisfy { $0.kind == .put })
            found.formUnion(batch.changes.map(\.record.id))
            if batch.isCaughtUp { break }
        }
        #expect(found == Set(ids))
    }

    // MARK: Verification

    @Test func aVerificationComparesBothWays() async throws {
        let storage = try store.open()
        await store.fill(storage)
        _ = await storage.delete(store.ids[0])
        storage.stop()
        var sequences: [UInt64] = []
        try Damage.tables(store.directory.path) { transaction, environment throws(ServiceError) in
            guard let tables = environment.changes else { return }
            let cursor = try transaction.cursor(tables.changes)
            var next = try unsafe cursor.move(.first) { key, _ in unsafe ChangeEntry(key) } ?? nil
            while let entry = next {
                sequences.append(entry.sequence)
                next = try unsafe cursor.move(.next) { key, _ in unsafe ChangeEntry(key) } ?? nil
            }
        }
        #expect(sequences.count == 11)
        try Damage.tables(store.directory.path) { transaction, environment throws(ServiceError) in
            guard let tables = environment.changes else { return }
            try unsafe ChangeEntry(sequences[2], store.ids[3]).withBytes { key throws(ServiceError) in
                try unsafe transaction.delete(key, tables.changes)
            }
            try transaction.add(ChangeEntry(sequences[0], store.ids[7]), tables)
            try transaction.add(ChangeEntry(sequences[10], store.ids[4]), tables)
            try transaction.put([1, 2, 3], [], tables.changes)
        }
        let again = try store.open()
        defer { again.stop() }
        let findings = try await again.verified().findings
        func has(_ id: ArticleID?, _ text: String) -> Bool {
            findings.contains { $0.id == id && $0.problem.contains(text) }
        }
        #expect(has(store.ids[3], "does not have its last change"))
        #expect(has(store.ids[4], "has a later change of it"))
        #expect(has(nil, "belong to no article: 1"))
        #expect(has(nil, "invalid entry"))
        #expect(findings.count == 4)
    }
}
