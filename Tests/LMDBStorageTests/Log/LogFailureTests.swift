// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// A write that the disk does not keep is not acknowledged.
@Suite struct LogFailureTests {
    private let directory = TemporaryDirectory()

    /// A sync does not repeat an error that was reported when writing started.
    @Test(arguments: [false, true]) func aSyncThatFailsIsTheLast(atItsStart: Bool) async throws {
        let disk = SimulatedDisk(directory.path)
        let storage = try LMDBEngine(ModelRun.plain, directory: directory.path, disk: disk)
        let kept = await storage.put(.id(.generate()), "kept", key: "kept")
        #expect(kept.outcome.isCreated)
        disk.state.withLock { if atItsStart { $0.startError = EIO } else { $0.syncError = EIO } }
        let first = await storage.put(.id(.generate()), "lost", key: "lost")
        guard case .refused(let error) = first.outcome else {
            Issue.record("acknowledged after a sync that failed")
            return
        }
        // It may exist after the next start.
        #expect(error.code == .outcomeUnknown && error.message.contains("may or may not take effect"))
        // A later sync that succeeds means nothing.
        disk.state.withLock { ($0.startError, $0.syncError) = (0, 0) }
        #expect(await storage.put(.id(.generate()), "later").refusal == .unavailable)
        #expect(await storage.put(.id(kept.id), "kept", key: "kept").refusal == .unavailable)
        #expect(storage.health.state == .unhealthy)
        #expect(try storage.copy(kept.id)?.content == Array("kept".utf8))
        let images = disk.images()
        storage.stop()
        var random = SeededNumbers(state: 5)
        for _ in 0..<10 {
            let lost = TemporaryDirectory()
            StorageImage.afterPowerLoss(synced: images.synced, written: images.written, &random).write(to: lost.path)
            let again = try LMDBEngine(ModelRun.plain, directory: lost.path)
            #expect(try again.copy(kept.id)?.content == Array("kept".utf8))
            #expect(await again.put(.id(.generate()), "works").outcome.isCreated)
            again.stop()
        }
    }

    @Test func aFailedCheckpointDisablesWriting() async throws {
        let disk = SimulatedDisk(directory.path)
        let storage = try LMDBEngine(ModelRun.limits, directory: directory.path, disk: disk)
        disk.hold(true)
        var kept: [ArticleID] = []
        for _ in 0..<ModelRun.limits.logGroups + 2 { kept.append(await storage.put(.id(.generate()), "kept").id) }
        // From here on everything fails, including the running checkpoint.
        disk.state.withLock { $0.callsLeft = 0 }
        disk.hold(false)
        while await storage.put(.id(.generate()), "lost").refusal != .unavailable {}
        #expect(storage.health.state == .unhealthy)
        let image = disk.images().synced
        storage.stop()
        let lost = TemporaryDirectory()
        image.write(to: lost.path)
        let again = try LMDBEngine(ModelRun.plain, directory: lost.path)
        for id in kept { #expect(try again.copy(id) != nil) }
        again.stop()
    }

    @Test func aFullDiskRefusesAndChangesNothing() async throws {
        let disk = SimulatedDisk(directory.path)
        let storage = try LMDBEngine(ModelRun.plain, directory: directory.path, disk: disk)
        let kept = await storage.put(.id(.generate()), "kept", key: "kept")
        disk.state.withLock { $0.writeError = ENOSPC }
        let refused = ArticleID.generate()
        let result = await storage.put(.id(refused), "refused", key: "refused")
        guard case .refused(let error) = result.outcome else {
            Issue.record("acknowledged without a log")
            return
        }
        // The checkpoint that was to make room failed too, which disables writing.
        #expect(error.message.contains("articles.mdb-redo"))
        #expect(try storage.copy(refused) == nil)
        #expect(try storage.copy(key: "refused") == nil)
        #expect(try storage.copy(kept.id) != nil)
        let image = disk.images().written
        storage.stop()
        let again = TemporaryDirectory()
        image.write(to: again.path)
        let reopened = try LMDBEngine(ModelRun.plain, directory: again.path)
        #expect(try reopened.copy(refused) == nil)
        #expect(try reopened.copy(kept.id) != nil)
        reopened.stop()
    }
}
