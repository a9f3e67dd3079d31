// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CLMDB
import Glibc
import HandlerKit
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// Readers of changes find their place again, whatever happened to the storage; or they are told that they cannot.
@Suite(.timeLimit(.minutes(3))) struct ChangeFeedTests {
    private let directory = TemporaryDirectory()
    private let ids = (0..<12).map { _ in ArticleID.generate() }

    private func open(_ path: String? = nil, _ limits: EngineLimits = ModelRun.plain) throws -> LMDBEngine {
        try LMDBEngine(limits, directory: path ?? directory.path)
    }

    private func fill(_ storage: LMDBEngine, _ content: String = "x") async {
        for id in ids { _ = await storage.put(.id(id), "\(content) \(id)", key: "\(id)") }
    }

    /// The code with which a position is refused; `nil` if it is known.
    private func refusal(_ position: ChangePosition?, _ storage: LMDBEngine) throws -> StatusCode? {
        do {
            _ = try storage.lend(ChangeQuery(.after(try #require(position)))) { _ in true }
            return nil
        } catch let error as ServiceError {
            return error.code
        }
    }

    // MARK: Restarts

    @Test func positionsSurviveRestarts() async throws {
        var storage = try open()
        let new = try await storage.lastPosition()
        await fill(storage)
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        var behind = ChangeMirror()
        try behind.follow(lending: storage, limit: 5, pages: 1)
        for round in 0..<5 {
            storage.stop()
            storage = try open()
            // Without writes, and with some.
            #expect(try refusal(new, storage) == nil)
            try mirror.verify(storage, "round \(round)")
            try behind.verify(storage, "round \(round)")
            if round % 2 == 1 { continue }
            _ = await storage.put(.id(ids[round]), "round \(round)")
            _ = await storage.delete(ids[round + 1])
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
        try open().stop()
        let environment = try LMDBEnvironment.forTests(directory.path)
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
        var storage = try open()
        await fill(storage)
        var early = ChangeMirror()
        try await early.catchUp(storage)
        if !isKilled {
            storage.stop()
            storage = try open()
            _ = await storage.put(.id(ids[0]), "before the copy")
        }
        if !isKilled { storage.stop() }
        let copy = StorageImage(of: directory.path)
        if !isKilled { storage = try open() }
        // A reader in the middle, with articles that have moved behind it since.
        for id in ids.prefix(4) { _ = await storage.put(.id(id), "after the copy") }
        var late = ChangeMirror()
        try await late.catchUp(storage)
        var middle = ChangeMirror()
        try middle.follow(lending: storage, limit: 3, pages: 1)
        storage.stop()
        let elsewhere = TemporaryDirectory()
        copy.write(to: elsewhere.path)
        let restored = try open(elsewhere.path)
        defer { restored.stop() }
        try early.verify(restored, "a position from before the copy")
        #expect(try refusal(late.position, restored) == .outOfRange)
        #expect(try refusal(middle.position, restored) == .outOfRange)
        // Also once the copy has as many changes of its own.
        for round in 0..<3 { await fill(restored, "other \(round)") }
        try await early.catchUp(restored)
        #expect(early.restarts == 0)
        for position in [late.position, middle.position] {
            #expect(try refusal(position, restored) == .outOfRange)
        }
        try await late.catchUp(restored)
        #expect(late.restarts == 1)
    }

    @Test func aRebuildBeginsAHistory() async throws {
        var storage = try open()
        await fill(storage)
        // The last change is a deletion, which the heap does not keep.
        for id in ids.suffix(3) { _ = await storage.delete(id) }
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        let last = try #require(mirror.position)
        storage.stop()
        for round in 0..<2 {
            unsafe unlink(directory.path + "/articles.mdb")
            storage = try open()
            #expect(try refusal(last, storage) == .outOfRange)
            var new = ChangeMirror()
            try await new.catchUp(storage)
            #expect(new.changes.map(\.record.id) == ids.dropLast(3).map { $0 }, "in the order of their changes")
            // No number is used twice.
            _ = await storage.put(.id(ids[11]), "round \(round)")
            try await new.catchUp(storage)
            #expect(try #require(new.changes.last).sequence > last.sequence + UInt64(round))
            try new.verify(storage, "round \(round)")
            #expect(try await storage.verified().damaged == 0)
            _ = await storage.delete(ids[11])
            storage.stop()
        }
    }

    /// An accepted loss may be one that readers have seen.
    @Test func anAcceptedLossBeginsAHistory() async throws {
        let disk = SimulatedDisk(directory.path)
        let storage = try LMDBEngine(ModelRun.plain, directory: directory.path, disk: disk)
        var ends: [Int] = []
        for id in ids.prefix(4) {
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
            #expect(try refusal(mirror.position, storage) == .outOfRange)
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
        let storage = try open()
        defer { storage.stop() }
        await fill(storage)
        for id in ids.prefix(3) { _ = await storage.put(.id(id), "later") }
        _ = await storage.delete(ids[5])
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        let target = directory.path + "/backup"
        _ = try await storage.maintenance.backup(BackupRequest(directory: target)).result()
        let copy = try open(target)
        defer { copy.stop() }
        #expect(try refusal(mirror.position, copy) == .outOfRange)
        var new = ChangeMirror()
        try await new.catchUp(copy)
        #expect(new.records == mirror.records)
        let order = try await storage.fetch(ChangeQuery(.beginning)).changes.filter { $0.kind == .put }
        #expect(new.changes.map(\.sequence) == order.map(\.sequence) && new.changes.count == 11)
        #expect(try await copy.verified().damaged == 0)
        _ = await copy.put(.id(ids[5]), "again")
        try await new.catchUp(copy)
    }

    // MARK: Forgetting

    private func forgetful(_ count: Int) -> EngineLimits {
        var limits = ModelRun.plain
        limits.deletions.count = count
        return limits
    }

    @Test func deletionsAreForgotten() async throws {
        let storage = try open(nil, forgetful(4))
        defer { storage.stop() }
        await fill(storage)
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        var near = mirror
        for (number, id) in ids.prefix(10).enumerated() {
            _ = await storage.delete(id)
            if number == 7 { try await near.catchUp(storage) }
        }
        _ = await storage.put(.id(ids[11]), "later")
        var new = ChangeMirror()
        try await new.catchUp(storage)
        #expect(new.changes.filter { $0.kind == .delete }.count == 4)
        // One that was away too long is told so.
        let position = try #require(mirror.position)
        let error = #expect(throws: ServiceError.self) {
            _ = try storage.lend(ChangeQuery(.after(position))) { _ in true }
        }
        #expect(error?.code == .outOfRange && error?.message.contains("keepDeletions") == true)
        try near.verify(storage, "not away too long")
        try await mirror.catchUp(storage)
        #expect(mirror.restarts == 1)
        #expect(try await storage.verified().damaged == 0)
    }

    /// A reader that began after a deletion does not need it, however slow it is.
    @Test func aReaderThatBeganLaterNeedsNoOldDeletions() async throws {
        let storage = try open(nil, forgetful(2))
        defer { storage.stop() }
        await fill(storage)
        for id in ids.suffix(5) { _ = await storage.delete(id) }
        _ = await storage.put(.id(.generate()), "x")
        storage.commitPending()
        var slow = ChangeMirror()
        while !(try slow.isEqual(lending: storage)) {
            try slow.follow(lending: storage, limit: 1, pages: 1)
            try #require(slow.restarts == 0)
        }
        // But it needs those from when it had begun.
        slow = ChangeMirror()
        try slow.follow(lending: storage, limit: 2, pages: 1)
        for id in ids.prefix(5) { _ = await storage.delete(id) }
        _ = await storage.put(.id(.generate()), "y")
        try await slow.catchUp(storage)
        #expect(slow.restarts == 1)
    }

    /// Whoever sees that the article is there again need not know that it was gone.
    @Test func aDeletionOfAnArticleThatIsThereAgainMayBeForgotten() async throws {
        let storage = try open(nil, forgetful(1))
        defer { storage.stop() }
        await fill(storage)
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        _ = await storage.delete(ids[0])
        _ = await storage.put(.id(ids[0]), "again")
        storage.commitPending()
        // This is one too many.
        _ = await storage.delete(ids[1])
        try await mirror.catchUp(storage)
        #expect(mirror.restarts == 0)
        // So is this, and the article of the one before is gone.
        let before = mirror.position
        _ = await storage.delete(ids[2])
        _ = await storage.delete(ids[3])
        storage.commitPending()
        #expect(try refusal(before, storage) == .outOfRange)
    }

    @Test func theTimeOfADeletion() {
        let retention = DeletionRetention(time: 1000, count: 5)
        func isOver(_ deletedAt: Int64, _ now: Int64) -> Bool {
            retention.isOver(Deletion(revision: 1, deletedAt: deletedAt), at: now)
        }
        #expect(!isOver(5000, 5000) && !isOver(5000, 6000) && isOver(5000, 6001))
        // The clock was set back, a little or a lot.
        #expect(!isOver(5000, 4500) && isOver(5000, 3000))
        #expect(isOver(.min, .max) && isOver(.max, .min) && isOver(.min, 0))
    }

    @Test func theTimeIsASetting() throws {
        func read(_ json: String) throws -> Int64 {
            try EngineLimits.read(PluginConfiguration(json: Array(json.utf8))).0.deletions.time
        }
        #expect(try read("{}") == 604_800_000)
        #expect(try read("{\"keepDeletions\": \"12 h\"}") == 43_200_000)
        for wrong in ["off", "", "7", "0 s"] {
            let error = #expect(throws: ServiceError.self) { try read("{\"keepDeletions\": \"\(wrong)\"}") }
            #expect(error?.message.contains("keepDeletions") == true)
        }
    }

    // MARK: What is shown

    /// A sync that fails leaves open whether the write exists. No reader is told of it before that is known.
    @Test func whatMayNotBeOnDiskIsNotShown() async throws {
        let disk = SimulatedDisk(directory.path)
        let storage = try LMDBEngine(ModelRun.plain, directory: directory.path, disk: disk)
        _ = await storage.put(.id(ids[0]), "kept")
        _ = await storage.put(.id(ids[1]), "kept too")
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        disk.state.withLock { $0.syncError = EIO }
        #expect(await storage.put(.id(ids[0]), "unknown").refusal == .outcomeUnknown)
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
        var storage = try open()
        await fill(storage)
        storage.stop()
        try Damage.flip(Array("\(ids[4])".utf8), in: directory.path + "/articles.mdb-records")
        storage = try open()
        var found: [Change] = []
        _ = try storage.lend(ChangeQuery(.beginning)) { change in
            found.append(Change(change))
            return true
        }
        #expect(found.map(\.record.id) == ids)
        for change in found { #expect(change.record.lend { $0.isUnreadable } == (change.record.id == ids[4])) }
        // It is stored again: its number was intact, so its entry is gone.
        _ = await storage.put(.id(ids[4]), "again")
        storage.commitPending()
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        #expect(mirror.changes.count == 12 && mirror.changes.last?.record.id == ids[4])
        let findings = try await storage.verified().findings
        #expect(!findings.contains { $0.problem.contains("table of changes") })
        storage.stop()
    }

    /// The number is damaged too, so the old entry stays. Readers skip it, and it is no finding.
    @Test(arguments: [false, true]) func anEntryWithoutItsChangeIsSkipped(isDeleted: Bool) async throws {
        var storage = try open()
        await fill(storage)
        storage.stop()
        let heap = directory.path + "/articles.mdb-records"
        var bytes = FileBytes.read(heap)
        let key = try #require(bytes.firstRange(of: Array("\(ids[4])".utf8))).lowerBound
        for offset in key - RecordHeader.size..<key { bytes[offset] = 0xEE }
        FileBytes.write(bytes, to: heap)
        storage = try open()
        defer { storage.stop() }
        if isDeleted {
            #expect(await storage.delete(ids[4]).outcome.isDeleted)
        } else {
            #expect(await storage.put(.id(ids[4]), "again", key: "\(ids[4])").outcome.isCreated)
        }
        storage.commitPending()
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        #expect(mirror.changes.last?.kind == (isDeleted ? .delete : .put))
        #expect(mirror.changes.filter { $0.record.id == ids[4] }.count == 1)
        let findings = try await storage.verified().findings
        #expect(!findings.contains { $0.problem.contains("table of changes") })
    }

    /// Thousands of deletions whose articles are there again: no call looks at all of them, and the feed goes on by itself.
    @Test func manyChangesThatNoLongerCountAreSkippedInSteps() async throws {
        let storage = try open()
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
        let storage = try open()
        await fill(storage)
        _ = await storage.delete(ids[0])
        storage.stop()
        var sequences: [UInt64] = []
        try Damage.tables(directory.path) { transaction, environment throws(ServiceError) in
            guard let tables = environment.changes else { return }
            let cursor = try transaction.cursor(tables.changes)
            var next = try unsafe cursor.move(.first) { key, _ in unsafe ChangeEntry(key) } ?? nil
            while let entry = next {
                sequences.append(entry.sequence)
                next = try unsafe cursor.move(.next) { key, _ in unsafe ChangeEntry(key) } ?? nil
            }
        }
        #expect(sequences.count == 11)
        try Damage.tables(directory.path) { transaction, environment throws(ServiceError) in
            guard let tables = environment.changes else { return }
            try unsafe ChangeEntry(sequences[2], ids[3]).withBytes { key throws(ServiceError) in
                try unsafe transaction.delete(key, tables.changes)
            }
            try transaction.add(ChangeEntry(sequences[0], ids[7]), tables)
            try transaction.add(ChangeEntry(sequences[10], ids[4]), tables)
            try transaction.put([1, 2, 3], [], tables.changes)
        }
        let again = try open()
        defer { again.stop() }
        let findings = try await again.verified().findings
        func has(_ id: ArticleID?, _ text: String) -> Bool {
            findings.contains { $0.id == id && $0.problem.contains(text) }
        }
        #expect(has(ids[3], "does not have its last change"))
        #expect(has(ids[4], "has a later change of it"))
        #expect(has(nil, "belong to no article: 1"))
        #expect(has(nil, "invalid entry"))
        #expect(findings.count == 4)
    }

    // MARK: The former format

    /// An index of format 4 has no tables of changes. They are added at the first start.
    @Test func theFormerFormatIsUpgraded() async throws {
        var run = ModelRun(seed: 4)
        let storage = try LMDBEngine(ModelRun.limits, directory: directory.path)
        for _ in 0..<80 { try await run.step(storage) }
        var old = ChangeMirror()
        try await old.catchUp(storage)
        storage.stop()
        try FormerFormat.make(directory.path)
        let image = StorageImage(of: directory.path)
        try run.verify(directory.path, "upgraded")
        try ChangeMirror().verify(directory.path, "upgraded")
        let again = try open()
        #expect(try refusal(old.position, again) == .outOfRange)
        #expect(try await again.verified().damaged == 0)
        again.stop()
        try run.verify(directory.path, "again")
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
        var storage = try LMDBEngine(ModelRun.plain, directory: directory.path)
        for _ in 0..<40 { try await run.step(storage) }
        storage.stop()
        try FormerFormat.make(directory.path)
        let disk = SimulatedDisk(directory.path)
        storage = try LMDBEngine(ModelRun.plain, directory: directory.path, disk: disk)
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
        var storage = try open()
        await fill(storage)
        storage.stop()
        try FormerFormat.make(directory.path)
        let heap = directory.path + "/articles.mdb-records"
        var bytes = FileBytes.read(heap)
        for id in ids.prefix(2) {
            let key = try #require(bytes.firstRange(of: Array("\(id)".utf8))).lowerBound
            if id == ids[0] { bytes[key] ^= 1 } else { for offset in key - 80..<key { bytes[offset] = 0xEE } }
        }
        FileBytes.write(bytes, to: heap)
        storage = try open()
        defer { storage.stop() }
        var found: [Change] = []
        _ = try storage.lend(ChangeQuery(.beginning)) { change in
            found.append(Change(change))
            return true
        }
        #expect(found.map(\.record.id) == [ids[0]] + ids.dropFirst(2) + [ids[1]])
        #expect(found.filter { $0.record.lend { $0.isUnreadable } }.map(\.record.id) == [ids[0], ids[1]])
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
