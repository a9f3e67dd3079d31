// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// Readers of changes find their place again, whatever happened to the storage; or they are told that they cannot.
@Suite(.timeLimit(.minutes(3))) struct ChangeHistoryTests {
    private let store = FollowedStore()

    // MARK: Restarts

    @Test func positionsSurviveRestarts() async throws {
        var storage = try store.open()
        let new = try await storage.lastPosition()
        await store.fill(storage)
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        var behind = ChangeMirror()
        try behind.follow(lending: storage, limit: 5, pages: 1)
        for round in 0..<5 {
            storage.stop()
            storage = try store.open()
            // Without writes, and with some.
            #expect(try store.refusal(new, storage) == nil)
            try mirror.verify(storage, "round \(round)")
            try behind.verify(storage, "round \(round)")
            if round % 2 == 1 { continue }
            _ = await storage.put(.id(store.ids[round]), "round \(round)")
            _ = await storage.delete(store.ids[round + 1])
            try await mirror.catchUp(storage)
            #expect(mirror.changes.map(\.kind) == [.put, .delete])
        }
        storage.stop()
        #expect(mirror.restarts == 0)
    }

    @Test func positionsSurviveKills() async throws {
        var run = ModelRun(seed: 77)
        var mirror = ChangeMirror()
        var image = StorageImage()
        for round in 0..<6 {
            let directory = TemporaryDirectory()
            image.write(to: directory.path)
            let storage = try LMDBEngine(ModelRun.limits, directory: directory.path, disk: SystemDisk())
            defer { storage.stop() }
            try mirror.verify(storage, "round \(round)")
            for _ in 0..<round * 4 { try await run.step(storage) }
            if round % 2 == 0 { try await mirror.catchUp(storage) } else { storage.commitPending() }
            image = StorageImage(of: directory.path)
        }
        #expect(mirror.restarts == 0 && mirror.records.count > 3)
    }

    /// Only so many sessions are remembered.
    @Test func positionsOfLongAgoAreUnknown() throws {
        try store.open().stop()
        let environment = try LMDBEnvironment.forTests(store.directory.path)
        defer { environment.close() }
        let tables = try #require(environment.changes)
        let sessions = (0..<ChangeHistory.maxSessions + 5).map { _ in LogSession.new() }
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            for (number, session) in sessions.enumerated() {
                try ChangeHistory.note(session, from: UInt64(10 * number + 2), tables, transaction)
                // A second time changes nothing.
                try ChangeHistory.note(session, from: UInt64(10 * number + 3), tables, transaction)
            }
            let count = try transaction.count(tables.history)
            guard count <= ChangeHistory.maxSessions + 1 else { throw ServiceError(.internal, "\(count) sessions") }
            let cursor = try transaction.cursor(tables.history)
            func name(_ sequence: UInt64) throws(ServiceError) -> LogSession? {
                try ChangeHistory.session(of: sequence, cursor)?.session
            }
            guard try name(UInt64(10 * 500 + 2)) == sessions[500], try name(UInt64(10 * 500 + 11)) == sessions[500],
                try name(UInt64(10 * 500 + 1)) == sessions[499], try name(.max) == sessions.last,
                try name(7) != sessions[0]
            else { throw ServiceError(.internal, "another session") }
        }
    }

    // MARK: Other histories

    /// A copy of the files is put back: positions from after the copy belong to a time that it does not know.
    @Test(arguments: [false, true]) func anOlderCopyKnowsOnlyItsPast(isKilled: Bool) async throws {
        var storage = try store.open()
        await store.fill(storage)
        var early = ChangeMirror()
        try await early.catchUp(storage)
        if !isKilled {
            storage.stop()
            storage = try store.open()
            _ = await storage.put(.id(store.ids[0]), "before the copy")
        }
        if !isKilled { storage.stop() }
        let copy = StorageImage(of: store.directory.path)
        if !isKilled { storage = try store.open() }
        // A reader in the middle, with articles that have moved behind it since.
        for id in store.ids.prefix(4) { _ = await storage.put(.id(id), "after the copy") }
        var late = ChangeMirror()
        try await late.catchUp(storage)
        var middle = ChangeMirror()
        try middle.follow(lending: storage, limit: 3, pages: 1)
        storage.stop()
        let elsewhere = TemporaryDirectory()
        copy.write(to: elsewhere.path)
        let restored = try store.open(elsewhere.path)
        defer { restored.stop() }
        try early.verify(restored, "a position from before the copy")
        #expect(try store.refusal(late.position, restored) == .outOfRange)
        #expect(try store.refusal(middle.position, restored) == .outOfRange)
        // Also once the copy has as many changes of its own.
        for round in 0..<3 { await store.fill(restored, "other \(round)") }
        try await early.catchUp(restored)
        #expect(early.restarts == 0)
        for position in [late.position, middle.position] {
            #expect(try store.refusal(position, restored) == .outOfRange)
        }
        try await late.catchUp(restored)
        #expect(late.restarts == 1)
    }

    @Test func aRebuildBeginsAHistory() async throws {
        var storage = try store.open()
        await store.fill(storage)
        // The last change is a deletion, which the heap does not keep.
        for id in store.ids.suffix(3) { _ = await storage.delete(id) }
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        let last = try #require(mirror.position)
        storage.stop()
        for round in 0..<2 {
            unsafe unlink(store.directory.path + "/articles.mdb")
            storage = try store.open()
            #expect(try store.refusal(last, storage) == .outOfRange)
            var new = ChangeMirror()
            try await new.catchUp(storage)
            #expect(new.changes.map(\.record.id) == store.ids.dropLast(3).map { $0 }, "in the order of their changes")
            // No number is used twice.
            _ = await storage.put(.id(store.ids[11]), "round \(round)")
            try await new.catchUp(storage)
            #expect(try #require(new.changes.last).sequence > last.sequence + UInt64(round))
            try new.verify(storage, "round \(round)")
            #expect(try await storage.verified().damaged == 0)
            _ = await storage.delete(store.ids[11])
            storage.stop()
        }
    }

    /// An accepted loss may be one that readers have seen.
    @Test func anAcceptedLossBeginsAHistory() async throws {
        let disk = SimulatedDisk(store.directory.path)
        let storage = try LMDBEngine(ModelRun.plain, directory: store.directory.path, disk: disk)
        var ends: [Int] = []
        for id in store.ids.prefix(4) {
            _ = await storage.put(.id(id), "x")
            ends.append(disk.images().written[.log0].lastIndex { $0 != 0 } ?? 0)
        }
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        var image = disk.images().written
        storage.stop()
        // The third group.
        let start = (ends[1] / LogGroup.block + 1) * LogGroup.block
        image[.log0][start + 20] ^= 1
        let lost = TemporaryDirectory()
        image.write(to: lost.path)
        for isAgain in [false, true] {
            let storage = try LMDBEngine(ModelRun.plain, directory: lost.path, acceptsLoss: true)
            #expect(try storage.list().count == 3)
            #expect(try store.refusal(mirror.position, storage) == .outOfRange)
            var new = ChangeMirror()
            try await new.catchUp(storage)
            if isAgain { storage.stop() }
            if !isAgain {
                let killed = StorageImage(of: lost.path)
                storage.stop()
                killed.write(to: lost.path)
            }
        }
    }

    @Test func aBackupHasAHistoryOfItsOwn() async throws {
        let storage = try store.open()
        defer { storage.stop() }
        await store.fill(storage)
        for id in store.ids.prefix(3) { _ = await storage.put(.id(id), "later") }
        _ = await storage.delete(store.ids[5])
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        let target = store.directory.path + "/backup"
        _ = try await storage.maintenance.backup(BackupRequest(directory: target)).result()
        let copy = try store.open(target)
        defer { copy.stop() }
        #expect(try store.refusal(mirror.position, copy) == .outOfRange)
        var new = ChangeMirror()
        try await new.catchUp(copy)
        #expect(new.records == mirror.records)
        let order = try await storage.fetch(ChangeQuery(.beginning)).changes.filter { $0.kind == .put }
        #expect(new.changes.map(\.sequence) == order.map(\.sequence) && new.changes.count == 11)
        #expect(try await copy.verified().damaged == 0)
        _ = await copy.put(.id(store.ids[5]), "again")
        try await new.catchUp(copy)
    }
}
