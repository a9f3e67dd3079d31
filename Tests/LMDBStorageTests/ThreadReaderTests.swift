// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import LinuxRuntime
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// A thread's reader keeps its snapshot from one call to the next.
@Suite struct ThreadReaderTests {
    private let directory = TemporaryDirectory()

    /// How the threads of a test communicate.
    private final class Progress: Sendable {
        let stored = Atomic<UInt64>(0)
        let wrong = Atomic(0)
        let isOver = Atomic(false)
        let hasRead = Semaphore()
        let mayEnd = Semaphore()
    }

    @Test func whatIsAcknowledgedIsSeenByTheNextRead() async throws {
        var limits = EngineLimits.tests
        // Checkpoints all the time: snapshots are taken from the readers while they read.
        limits.logGroups = 3
        let engine = try LMDBEngine(limits, directory: directory.path)
        let id = ArticleID.generate()
        let progress = Progress()
        let readers = try (0..<2).map { _ in
            try Thread("reader") {
                var reads = 0
                while !progress.isOver.load(ordering: .relaxed) {
                    let stored = progress.stored.load(ordering: .acquiring)
                    let revision = try? engine.copy(id).map {
                        $0.content == CrashLoad.content(id, $0.revision) ? $0.revision : 0
                    }
                    if revision ?? 0 < stored { progress.wrong.add(1, ordering: .relaxed) }
                    reads += 1
                    if reads == 2 { progress.hasRead.signal() }
                    sched_yield()
                }
            }
        }
        for _ in readers { progress.hasRead.wait() }
        for revision in 1...200 as ClosedRange<UInt64> {
            let result = await engine.put(.id(id), content: CrashLoad.content(id, revision))
            #expect(result.revision == revision)
            progress.stored.store(revision, ordering: .releasing)
        }
        progress.isOver.store(true, ordering: .relaxed)
        for reader in readers { reader.join() }
        #expect(progress.wrong.load(ordering: .relaxed) == 0)
        engine.stop()
    }

    @Test func aThreadThatReadsNoMoreHoldsNoPages() async throws {
        var limits = EngineLimits.tests
        limits.logGroups = 50
        let engine = try LMDBEngine(limits, directory: directory.path)
        let ids = (0..<20).map { _ in ArticleID.generate() }
        for id in ids { _ = await engine.put(.id(id), content: [UInt8](repeating: 0, count: 3000)) }
        let progress = Progress()
        let idle = try Thread("idle reader") {
            _ = try? engine.copy(ids[0])
            progress.hasRead.signal()
            progress.mayEnd.wait()
        }
        progress.hasRead.wait()
        for round in 1..<100 {
            for id in ids {
                _ = await engine.put(.id(id), content: [UInt8](repeating: UInt8(round), count: 3000))
            }
        }
        let used = try #require(try DatabaseFile.inspect(directory.path + "/articles.mdb")).usedBytes
        // As in `singleChangesDoNotLetTheFilesGrow`: each of 2,000 writes replaces about 12 pages.
        #expect(used < 3000 * 4096)
        progress.mayEnd.signal()
        idle.join()
        engine.stop()
    }
}
