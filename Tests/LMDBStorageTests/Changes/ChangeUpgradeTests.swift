// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CLMDB
import HandlerKit
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// A store without tables of changes gets them.
@Suite(.timeLimit(.minutes(3))) struct ChangeUpgradeTests {
    private let store = FollowedStore()

    /// An index of format 4 has no tables of changes. They are added at the first start.
    @Test func theFormerFormatIsUpgraded() async throws {
        var run = ModelRun(seed: 4)
        let storage = try LMDBEngine(ModelRun.limits, directory: store.directory.path)
        for _ in 0..<80 { try await run.step(storage) }
        var old = ChangeMirror()
        try await old.catchUp(storage)
        storage.stop()
        try FormerFormat.make(store.directory.path)
        let image = StorageImage(of: store.directory.path)
        try run.verify(store.directory.path, "upgraded")
        try ChangeMirror().verify(store.directory.path, "upgraded")
        let again = try store.open()
        #expect(try store.refusal(old.position, again) == .outOfRange)
        #expect(try await again.verified().damaged == 0)
        again.stop()
        try run.verify(store.directory.path, "again")
        // The start may be killed anywhere.
        for calls in 0..<25 {
            let killed = TemporaryDirectory()
            image.write(to: killed.path)
            let disk = SimulatedDisk(killed.path)
            disk.state.withLock { $0.callsLeft = calls }
            let started = try? LMDBEngine(ModelRun.limits, directory: killed.path, disk: disk)
            let left = StorageImage(of: killed.path)
            started?.stop()
            left.write(to: killed.path)
            try run.verify(killed.path, "\(calls) calls")
            try ChangeMirror().verify(killed.path, "\(calls) calls")
        }
    }

    /// One that was killed is recovered first. Until a checkpoint is made, the snapshot that a recovery begins with has the
    /// former format.
    @Test func theFormerFormatIsRecovered() async throws {
        var run = ModelRun(seed: 5)
        var storage = try LMDBEngine(ModelRun.plain, directory: store.directory.path)
        for _ in 0..<40 { try await run.step(storage) }
        storage.stop()
        try FormerFormat.make(store.directory.path)
        let disk = SimulatedDisk(store.directory.path)
        storage = try LMDBEngine(ModelRun.plain, directory: store.directory.path, disk: disk)
        for _ in 0..<40 { try await run.step(storage) }
        let images = disk.images()
        storage.stop()
        for round in 0..<4 {
            let lost = TemporaryDirectory()
            let image = StorageImage.afterPowerLoss(
                synced: images.synced, written: images.written, &run.random)
            (round == 0 ? images.written : image).write(to: lost.path)
            try run.verify(lost.path, "round \(round)")
            try ChangeMirror().verify(lost.path, "round \(round)")
        }
    }

    /// A damaged article is no obstacle, and readers are told of it.
    @Test func aDamagedArticleIsUpgraded() async throws {
        var storage = try store.open()
        await store.fill(storage)
        storage.stop()
        try FormerFormat.make(store.directory.path)
        let heap = store.directory.path + "/articles.mdb-records"
        var bytes = FileBytes.read(heap)
        for id in store.ids.prefix(2) {
            let key = try #require(bytes.firstRange(of: Array("\(id)".utf8))).lowerBound
            if id == store.ids[0] { bytes[key] ^= 1 } else { for offset in key - 80..<key { bytes[offset] = 0xEE } }
        }
        FileBytes.write(bytes, to: heap)
        storage = try store.open()
        defer { storage.stop() }
        var found: [Change] = []
        _ = try storage.lend(ChangeQuery(.beginning)) { change in
            found.append(Change(change))
            return true
        }
        #expect(found.map(\.record.id) == [store.ids[0]] + store.ids.dropFirst(2) + [store.ids[1]])
        #expect(found.filter { $0.record.lend { $0.isUnreadable } }.map(\.record.id) == [store.ids[0], store.ids[1]])
    }
}

/// What the articled before the tables of changes has written.
enum FormerFormat {
    /// Makes the index of a stopped store one of format 4.
    static func make(_ path: String) throws {
        try Damage.tables(path) { transaction, environment throws(ServiceError) in
            guard let tables = environment.changes else { return }
            for table in [tables.changes, tables.deletions, tables.history] {
                guard unsafe mdb_drop(transaction.handle, table, 1) == 0 else {
                    throw ServiceError(.internal, "cannot drop a table")
                }
            }
            let about = try transaction.table("about", create: false)
            guard var record = try transaction.copy(FormatRecord.name, about) else { return }
            record[8] = 4
            try transaction.put(FormatRecord.name, record, about)
        }
    }
}
