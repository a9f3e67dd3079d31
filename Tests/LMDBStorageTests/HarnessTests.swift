// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// Random faults: whatever happens to the files, nothing acknowledged is silently missing, no list is silently wrong,
/// and no start crashes.
///
/// `ARTICLED_HARNESS=10` runs ten times as many.
@Suite struct HarnessTests {
    private static let factor =
        unsafe getenv("ARTICLED_HARNESS").flatMap { unsafe Int(String(cString: $0)) } ?? 1

    /// The result of a fault.
    private enum Outcome: String {
        case whole
        case damagedArticle = "damaged article"
        case refused
    }

    @Test func flippedBitsInLogAndHeapAfterAKill() async throws {
        var outcomes: [Outcome: Int] = [:]
        for seed in 0..<UInt64(5 * Self.factor) {
            var run = ModelRun(seed: seed)
            let image = try await PowerLossTests.killed(&run, steps: 45)
            for _ in 0..<4 {
                let file = [StorageImage.File.log0, .log1, .heap][Int(run.random.next(3))]
                var damaged = image
                // Most of a log is zeros that no group has reached yet.
                let used = image[file].lastIndex { $0 != 0 } ?? 0
                let offset = Int(run.random.next(UInt64(used + 1)))
                damaged[file][offset] ^= UInt8(1 << run.random.next(8))
                let outcome = try Self.open(damaged, run, "seed \(seed), \(file) at \(offset)")
                outcomes[outcome, default: 0] += 1
            }
        }
        #expect(outcomes.values.reduce(0, +) == 20 * Self.factor)
        print("flipped bits in log and heap:", outcomes.map { "\($0.value) \($0.key.rawValue)" })
    }

    @Test func flippedBitsInLivePagesOfTheIndex() async throws {
        var outcomes: [Outcome: Int] = [:]
        for seed in 0..<UInt64(3 * Self.factor) {
            var run = ModelRun(seed: seed + 500)
            let image = try await PowerLossTests.killed(&run, steps: 60)
            for _ in 0..<4 {
                var damaged = image
                let offset = Int(run.random.next(UInt64(image.database.count)))
                damaged.database[offset] ^= UInt8(1 << run.random.next(8))
                let outcome = try Self.open(damaged, run, "seed \(seed), the index at \(offset)")
                outcomes[outcome, default: 0] += 1
            }
        }
        #expect(outcomes[.whole] == 12 * Self.factor)
        print("flipped bits in the index:", outcomes.map { "\($0.value) \($0.key.rawValue)" })
    }

    @Test func missingCutAndExchangedFiles() async throws {
        var outcomes: [Outcome: Int] = [:]
        for seed in 0..<UInt64(3 * Self.factor) {
            var run = ModelRun(seed: seed + 900)
            let older = try await PowerLossTests.killed(&run, steps: 20)
            var other = ModelRun(seed: seed + 4000)
            let image = try await PowerLossTests.killed(&other, steps: 50)
            for _ in 0..<4 {
                let file = StorageImage.File.allCases[Int(other.random.next(6))]
                var damaged = image
                switch other.random.next(3) {
                case 0: damaged = image.without(file)
                case 1: damaged[file] = Array(image[file].prefix(Int(other.random.next(UInt64(image[file].count + 1)))))
                default: damaged = image.with([file], from: older)
                }
                let outcome = try Self.open(damaged, other, "seed \(seed), \(file)")
                outcomes[outcome, default: 0] += 1
            }
        }
        #expect(outcomes[.damagedArticle] == nil)
        print("missing, cut and exchanged files:", outcomes.map { "\($0.value) \($0.key.rawValue)" })
    }

    /// The disk fails a write or a sync, and loses some of the blocks written. Then the process is killed, or power
    /// fails.
    @Test func failedWritesAndSyncs() async throws {
        var unknown = 0
        for seed in 0..<UInt64(10 * Self.factor) {
            var random = SeededNumbers(state: (seed &+ 77) &* 0x9E37_79B9_7F4A_7C15)
            let directory = TemporaryDirectory()
            let disk = SimulatedDisk(directory.path)
            let storage = try LMDBEngine(ModelRun.limits, directory: directory.path, disk: disk)
            /// The possible contents of each article; several if the outcome is unknown.
            var possible: [ArticleID: Set<[UInt8]>] = [:]
            let failing = 5 + Int(random.next(20))
            for step in 0..<40 {
                if step == failing { Self.fail(disk, &random) }
                let id = ModelRun.ids[Int(random.next(24))]
                let content = (0..<(1 + random.next(1500))).map { _ in UInt8(random.next(256)) }
                let result = await storage.put(.id(id), content: content)
                switch result.refusal {
                case nil: possible[id] = [content]
                case .outcomeUnknown:
                    possible[id, default: [[]]].insert(content)
                    unknown += 1
                default: break
                }
            }
            let images = disk.images()
            storage.stop()
            for isPowerLost in [false, true] {
                let again = TemporaryDirectory()
                (isPowerLost
                    ? StorageImage.afterPowerLoss(synced: images.synced, written: images.written, &random)
                    : images.written).write(to: again.path)
                let reopened = try LMDBEngine(ModelRun.limits, directory: again.path)
                for (id, contents) in possible {
                    let found = try reopened.copy(id)?.content ?? []
                    try #require(contents.contains(found), "seed \(seed), power lost: \(isPowerLost)")
                }
                reopened.stop()
            }
        }
        #expect(unknown > 0)
    }

    private static func fail(_ disk: SimulatedDisk, _ random: inout SeededNumbers) {
        let files: [StorageImage.File] = [.database, .heap, .log0, .log1, .sums]
        let choice = random.next(4)
        let file = files[Int(random.next(5))]
        let numbers = SeededNumbers(state: random.next(1 << 40) + 1)
        disk.state.withLock { state in
            switch choice {
            case 0: state.syncError = EIO
            case 1: state.startError = EIO
            case 2: state.writeError = EIO
            default: state.losing = (file, numbers)
            }
        }
    }

    /// Opens damaged files and compares the storage with the model.
    private static func open(_ image: StorageImage, _ run: ModelRun, _ comment: Comment) throws -> Outcome {
        let directory = TemporaryDirectory()
        image.write(to: directory.path)
        let storage: LMDBEngine
        do throws(ServiceError) {
            storage = try LMDBEngine(ModelRun.limits, directory: directory.path)
        } catch {
            try #require(error.code == .dataLoss || error.code == .failedPrecondition, "\(comment): \(error.message)")
            return .refused
        }
        defer { storage.stop() }
        var damaged: Set<ArticleID> = []
        for id in ModelRun.ids {
            do {
                let copy = try storage.copy(id)
                if let copy, CRC32C.checksum(copy.content) != copy.contentChecksum {
                    damaged.insert(id)
                } else {
                    try #require(copy.map(run.model.isSame) ?? !run.model.has(id), comment)
                }
            } catch let error as ServiceError {
                try #require(error.code == .dataLoss, comment)
                damaged.insert(id)
            }
        }
        try #require(damaged.count <= 1, comment)
        let expected = run.model.list([], from: nil, until: nil, limit: .max)
        let listed = try storage.list().map(\.id)
        try #require(listed.filter { !damaged.contains($0) } == expected.filter { !damaged.contains($0) }, comment)
        try #require(Set(listed).isSuperset(of: damaged), comment)
        return damaged.isEmpty ? .whole : .damagedArticle
    }
}
