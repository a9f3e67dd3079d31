// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// Power is lost while several writers are at work: of each article there is the last version that was acknowledged, or one that
/// was on its way.
@Suite struct ConcurrentPowerLossTests {
    private static let seeds: UInt64 =
        unsafe getenv("ARTICLED_POWER_LOSS_SEEDS").flatMap { unsafe UInt64(String(cString: $0)) } ?? 4
    private static let writers = 6
    private static let articles = 4

    /// What is known of an article: each version is a put, and every fifth a deletion. 0: it was never stored.
    private struct Known {
        var acknowledged = 0
        var submitted = 0
    }

    private static func isDeletion(_ version: Int) -> Bool { version % 5 == 0 }

    private static func id(_ index: Int) -> ArticleID { ArticleID(high: 0x0199_0000_0000_7000, low: UInt64(index + 1)) }

    private static func content(_ index: Int, _ version: Int) -> [UInt8] {
        // Some are so large that they go to the heap alone.
        let size = 16 + (index * 977 + version * 1_613) % 2_000
        return Array("\(index) \(version) ".utf8) + [UInt8](repeating: UInt8(version % 256), count: size)
    }

    @Test func whatWasAcknowledgedToAnyOfThemIsThere() async throws {
        for seed in 0..<Self.seeds {
            let directory = TemporaryDirectory()
            let disk = SimulatedDisk(directory.path)
            let storage = try LMDBEngine(ModelRun.limits, directory: directory.path, disk: disk)
            let known = Ledger(Self.writers * Self.articles)
            var mirror = ChangeMirror()
            let isOver = Flag()
            try await withThrowingTaskGroup { group in
                for writer in 0..<Self.writers {
                    group.addTask { try await Self.write(writer, to: storage, known, until: isOver) }
                }
                var random = SeededNumbers(state: (seed &+ 5) &* 0x9E37_79B9_7F4A_7C15)
                for cut in 0..<5 {
                    let goal = known.total + 20 + Int(random.next(60))
                    while known.total < goal {
                        try mirror.follow(lending: storage, limit: 1 + Int(random.next(9)), pages: 2)
                        try await Task.sleep(for: .milliseconds(1))
                    }
                    let before = known.all
                    let images = disk.images()
                    let after = known.all
                    for _ in 0..<2 {
                        let image = StorageImage.afterPowerLoss(
                            synced: images.synced, written: images.written, &random)
                        try Self.verify(image, before, after, mirror, "seed \(seed), cut \(cut)")
                    }
                }
                isOver.raise()
                try await group.waitForAll()
            }
            storage.stop()
            try Self.verify(StorageImage(of: directory.path), known.all, known.all, mirror, "seed \(seed), stopped")
        }
    }

    private static func write(
        _ writer: Int, to storage: LMDBEngine, _ known: Ledger, until isOver: Flag
    ) async throws {
        var version = 1
        while !isOver.isRaised {
            for article in 0..<articles {
                let index = writer * articles + article
                known.submit(index, version)
                let result =
                    isDeletion(version)
                    ? await storage.delete(id(index))
                    : await storage.put(.id(id(index)), content: content(index, version))
                try #require(result.refusal == nil)
                known.acknowledge(index, version)
            }
            version += 1
        }
    }

    private static func verify(
        _ image: StorageImage, _ before: [Known], _ after: [Known], _ mirror: ChangeMirror, _ comment: Comment
    ) throws {
        let lost = TemporaryDirectory()
        image.write(to: lost.path)
        let storage = try LMDBEngine(ModelRun.limits, directory: lost.path)
        defer { storage.stop() }
        var present: Set<ArticleID> = []
        for index in before.indices {
            let possible = before[index].acknowledged...after[index].submitted
            let copy = try storage.copy(id(index))
            let isRight =
                copy.map { copy in possible.contains { !isDeletion($0) && copy.content == content(index, $0) } }
                ?? possible.contains(where: isDeletion)
            try #require(isRight, "\(comment): article \(index), \(possible)")
            if copy != nil { present.insert(id(index)) }
        }
        try #require(Set(try storage.list().map(\.id)) == present, comment)
        try #require(Int(try storage.statistics().records) == present.count, comment)
        try mirror.verify(storage, comment)
    }

    /// What all writers know. Any thread.
    private final class Ledger: Sendable {
        private let state: Mutex<(known: [Known], total: Int)>

        init(_ count: Int) { state = Mutex(([Known](repeating: Known(), count: count), 0)) }

        var all: [Known] { state.withLock { $0.known } }
        /// How many changes were acknowledged.
        var total: Int { state.withLock { $0.total } }

        func submit(_ index: Int, _ version: Int) { state.withLock { $0.known[index].submitted = version } }
        func acknowledge(_ index: Int, _ version: Int) {
            state.withLock {
                $0.known[index].acknowledged = version
                $0.total += 1
            }
        }
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        var isRaised: Bool { value.load(ordering: .relaxed) }
        func raise() { value.store(true, ordering: .relaxed) }
    }
}
