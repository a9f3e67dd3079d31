// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import LinuxRuntime
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// The log starts over all the time, and neither file grows.
@Suite struct CheckpointTests {
    private let directory = TemporaryDirectory()
    private var database: String { directory.path + "/articles.mdb" }

    private final class Progress: Sendable {
        let isOver = Atomic(false)
        let reads = Atomic(0)
    }

    /// One write per transaction is the worst case: the pages that each of them replaces wait for a checkpoint.
    @Test func singleChangesDoNotLetTheFilesGrow() async throws {
        var limits = EngineLimits.tests
        limits.logGroups = 50
        let engine = try LMDBEngine(limits, directory: directory.path)
        let ids = (0..<20).map { _ in ArticleID.generate() }
        for round in 0..<100 {
            for id in ids {
                _ = await engine.put(.id(id), content: [UInt8](repeating: UInt8(round), count: 3000))
                #expect(try engine.copy(id)?.content.first == UInt8(round))
            }
        }
        let used = try #require(try DatabaseFile.inspect(database)).usedBytes
        // 2,000 versions of a page each were written. 20 are live, and up to 100 writes of about 12 pages each wait
        // for two checkpoints.
        #expect(used < 3000 * 4096)
        // Released space is reused two checkpoints later.
        #expect(StorageImage(of: directory.path).heap.count < 300 * 3200)
        for log in StorageImage(of: directory.path).logs { #expect(log.count <= 4 << 20) }
        engine.stop()
    }

    /// Bytes limit the log too, including those written to the heap only, and writers wait for the disk.
    @Test(arguments: [1, Int.max]) func aLongLogStartsOver(heapOnlyBytes: Int) async throws {
        var limits = EngineLimits.tests
        limits.logSize = 1 << 20
        limits.heapOnlyBytes = heapOnlyBytes
        let engine = try LMDBEngine(limits, directory: directory.path)
        let ids = (0..<40).map { _ in ArticleID.generate() }
        for _ in 0..<60 {
            let answers = Answers()
            for (number, id) in ids.enumerated() {
                answers.put(engine, .id(id), [UInt8](repeating: .random(in: 0 ... .max), count: 10_000 + number))
            }
            #expect(await answers.all().allSatisfy { $0.refusal == nil })
        }
        for log in StorageImage(of: directory.path).logs { #expect(log.count <= 4 << 20) }
        let statistics = try engine.statistics()
        #expect(statistics.records == 40)
        // Of 24 MB written, 400 KB are live. The rest waits for two checkpoints at most, or was reused.
        #expect(FileBytes.read(directory.path + "/articles.mdb-records").count < 8 << 20)
        let files = StorageImage(of: directory.path)
        #expect(statistics.fileBytes > UInt64(files.logs[0].count + files.logs[1].count))
        engine.stop()
    }

    @Test func readersSeeWholeVersionsMeanwhile() async throws {
        var limits = EngineLimits.tests
        limits.logGroups = 20
        let engine = try LMDBEngine(limits, directory: directory.path)
        let ids = (0..<30).map { _ in ArticleID.generate() }
        for id in ids { _ = await engine.put(.id(id), content: CrashLoad.content(id, 1), key: Array("\(id)".utf8)) }
        let progress = Progress()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    var last: [ArticleID: UInt64] = [:]
                    while !progress.isOver.load(ordering: .relaxed) {
                        let copies = try engine.list()
                        try #require(copies.count == ids.count)
                        for copy in copies {
                            try #require(copy.content == CrashLoad.content(copy.id, copy.revision))
                            try #require(copy.revision >= last[copy.id] ?? 1)
                            last[copy.id] = copy.revision
                        }
                        progress.reads.add(1, ordering: .relaxed)
                        await Task.yield()
                    }
                }
            }
            for round in 2..<60 {
                for id in ids {
                    let result = await engine.put(
                        .id(id), content: CrashLoad.content(id, UInt64(round)), key: Array("\(id)".utf8))
                    try #require(result.revision == UInt64(round))
                }
            }
            progress.isOver.store(true, ordering: .relaxed)
            try await group.waitForAll()
        }
        #expect(progress.reads.load(ordering: .relaxed) > 0)
        engine.stop()
    }

    /// The disk cannot keep up, and writers wait for a checkpoint. Readers see everything before that.
    @Test func readersDoNotWaitForTheDiskWithWriters() async throws {
        let disk = SimulatedDisk(directory.path)
        var limits = ModelRun.plain
        limits.logGroups = 4
        let engine = try LMDBEngine(limits, directory: directory.path, disk: disk)
        disk.hold(true)
        // Each write is a group. The first four begin a checkpoint, which is held, and twice as many may follow.
        for number in 1...12 { #expect(await engine.put(.id(.generate()), "\(number)").outcome.isCreated) }
        let listed = Mutex(0)
        let isListed = Semaphore()
        let reader = try Thread("reader") {
            if let count = try? engine.list().count { listed.withLock { $0 = count } }
            isListed.signal()
        }
        #expect(isListed.wait(nanoseconds: 60_000_000_000))
        #expect(listed.withLock { $0 } == 12)
        disk.hold(false)
        reader.join()
        engine.stop()
    }

    /// After an idle period a checkpoint is made, so that the next start has nothing to do.
    @Test func anIdleStorageMakesACheckpoint() async throws {
        let disk = SimulatedDisk(directory.path)
        let engine = try LMDBEngine(.tests, directory: directory.path, disk: disk)
        let before = disk.state.withLock { $0.databaseSyncs }
        _ = await engine.put(.id(.generate()), "text")
        // One signal for each sync of the start; the next one comes from the checkpoint.
        for _ in 0..<before { disk.hasSynced.wait() }
        disk.hasSynced.wait()
        engine.stop()
    }

    @Test func aStoppedStorageIsTwoFiles() async throws {
        var run = ModelRun(seed: 11)
        let storage = try LMDBEngine(ModelRun.limits, directory: directory.path)
        for _ in 0..<44 { try await run.step(storage) }
        storage.stop()
        let copy = TemporaryDirectory()
        let stopped = StorageImage(of: directory.path)
        stopped.without(.log0, .log1, .sums, .durable).write(to: copy.path)
        try run.verify(copy.path, "the copy")
        try run.verify(directory.path, "the original")
        for log in StorageImage(of: directory.path).logs { #expect(log.count <= RedoLog.closedSize) }
    }
}
