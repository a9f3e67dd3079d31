// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// Power fails at any moment: each block of the files has what was synced, or anything written later. Everything
/// acknowledged is there, and the trees are intact. What a reader of changes has seen is there too: it goes on from its
/// position.
@Suite struct PowerLossTests {
    private static let seeds: UInt64 =
        unsafe getenv("ARTICLED_POWER_LOSS_SEEDS").flatMap { unsafe UInt64(String(cString: $0)) } ?? 16

    @Test func nothingAcknowledgedIsLost() async throws {
        for seed in 0..<Self.seeds {
            let directory = TemporaryDirectory()
            let disk = SimulatedDisk(directory.path)
            let storage = try LMDBEngine(ModelRun.limits, directory: directory.path, disk: disk)
            var run = ModelRun(seed: seed)
            var mirror = ChangeMirror()
            for step in 0..<(40 + run.random.next(40)) {
                // A checkpoint is running during some groups.
                if run.random.next(8) == 0 { disk.hold(true) }
                if run.random.next(4) == 0 { disk.hold(false) }
                if step % 4 == 0 { disk.hold(false) }
                try await run.step(storage)
                if run.random.next(3) == 0 {
                    try mirror.follow(lending: storage, limit: 1 + Int(run.random.next(4)), pages: 1)
                }
                if run.random.next(8) == 0 { try Self.losePower(disk, &run, mirror, "seed \(seed), step \(step)") }
            }
            disk.hold(false)
            storage.stop()
            try run.verify(directory.path, "seed \(seed), stopped")
            try mirror.verify(directory.path, "seed \(seed), stopped")
        }
    }

    @Test func norDuringARecovery() async throws {
        for seed in 0..<Self.seeds / 4 {
            var run = ModelRun(seed: seed)
            var image = try await Self.killed(&run, steps: 30)
            for calls in 0..<30 {
                let directory = TemporaryDirectory()
                image.write(to: directory.path)
                let disk = SimulatedDisk(directory.path)
                disk.state.withLock { $0.callsLeft = calls }
                guard let storage = try? LMDBEngine(ModelRun.limits, directory: directory.path, disk: disk) else {
                    let images = disk.images()
                    image = .afterPowerLoss(synced: images.synced, written: images.written, &run.random)
                    continue
                }
                // The start made all its calls.
                storage.stop()
                #expect(calls > 5)
                break
            }
            let directory = TemporaryDirectory()
            image.write(to: directory.path)
            try run.verify(directory.path, "seed \(seed)")
        }
    }

    /// The files after kill -9, with writes in the log after the checkpoint.
    static func killed(_ run: inout ModelRun, steps: Int) async throws -> StorageImage {
        let directory = TemporaryDirectory()
        let disk = SimulatedDisk(directory.path)
        let storage = try LMDBEngine(ModelRun.limits, directory: directory.path, disk: disk)
        for _ in 0..<steps { try await run.step(storage) }
        let image = disk.images().written
        storage.stop()
        return image
    }

    private static func losePower(
        _ disk: SimulatedDisk, _ run: inout ModelRun, _ mirror: ChangeMirror, _ comment: Comment
    ) throws {
        let images = disk.images()
        for _ in 0..<3 {
            let lost = TemporaryDirectory()
            StorageImage.afterPowerLoss(synced: images.synced, written: images.written, &run.random).write(
                to: lost.path)
            try mirror.verify(lost.path, comment)
            try run.verify(lost.path, comment, disk: SimulatedDisk(lost.path))
            // Again, since a session has ended in between.
            try mirror.verify(lost.path, comment)
        }
    }
}

extension ChangeMirror {
    /// Opens a directory, and follows its changes to the end: the mirror knows where it was, and then has what the storage
    /// has.
    func verify(_ directory: String, _ comment: Comment) throws {
        let storage = try LMDBEngine(ModelRun.limits, directory: directory)
        defer { storage.stop() }
        try verify(storage, comment)
    }

    /// The same for a storage in which everything is on disk and in the tables.
    func verify(_ storage: LMDBEngine, _ comment: Comment) throws {
        var mirror = self
        try mirror.follow(lending: storage, limit: 5)
        try #require(mirror.restarts == restarts, "\(comment): the position is unknown")
        try #require(try mirror.isEqual(lending: storage), "\(comment): the mirror differs")
        // One that begins now has each record once.
        var new = ChangeMirror()
        try new.follow(lending: storage, limit: 5)
        try #require(try new.isEqual(lending: storage), "\(comment): a new mirror differs")
        try #require(new.changes.filter { $0.kind == .put }.count == new.records.count, comment)
    }
}
