// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// Files that are missing, damaged or out of date: an index is rebuilt; problems of the heap and the log are
/// reported.
@Suite struct OtherTimesTests {
    /// A storage at two moments of one session, and closed after that, with the expected contents.
    private struct History {
        var old = StorageImage()
        var new = StorageImage()
        var closed = StorageImage()
        var run = ModelRun(seed: 1)
        var atNew = ModelRun(seed: 1)
    }

    private static func history(seed: UInt64 = 1) async throws -> History {
        var history = History(run: ModelRun(seed: seed))
        let directory = TemporaryDirectory()
        let disk = SimulatedDisk(directory.path)
        let storage = try LMDBEngine(ModelRun.limits, directory: directory.path, disk: disk)
        for _ in 0..<12 { try await history.run.step(storage) }
        history.old = disk.images().written
        for _ in 0..<61 { try await history.run.step(storage) }
        history.new = disk.images().written
        history.atNew = history.run
        storage.stop()
        history.closed = StorageImage(of: directory.path)
        return history
    }

    @Test(arguments: 0..<3 as Range<UInt64>) func anOutdatedIndexIsRebuilt(seed: UInt64) async throws {
        let history = try await Self.history(seed: seed)
        let other = try await Self.history(seed: seed + 100)
        for (image, name) in [(history.new, "killed"), (history.closed, "closed")] {
            for (index, kind) in [
                (history.old, "old"), (history.closed, "closed"), (history.new, "new"), (other.closed, "another's"),
                (StorageImage(), "missing"),
            ] {
                let mixed = image.with([.database], from: index)
                try Self.verify(mixed, history.atNew, "seed \(seed): \(name), with an index: \(kind)")
                // Also with the checksums that belong to it.
                try Self.verify(
                    mixed.with([.sums], from: index), history.atNew, "seed \(seed): \(name), index and sums: \(kind)")
            }
            try Self.verify(image.without(.sums), history.atNew, "seed \(seed): \(name), no sums")
            try Self.verify(image.without(.durable), history.atNew, "seed \(seed): \(name), no mark")
            try Self.verify(
                image.without(.sums, .durable, .database), history.atNew, "seed \(seed): \(name), records and log")
        }
        try Self.verify(history.closed.without(.log0, .log1), history.atNew, "closed, without its log")
        let alone = history.closed.without(.log0, .log1, .sums, .durable, .database)
        try Self.verify(alone, history.atNew, "closed, the records alone")
    }

    /// A missing or outdated heap or log is never ignored.
    @Test func whatIsMissingIsAnError() async throws {
        let history = try await Self.history()
        // A later session, so that the generations differ.
        let directory = TemporaryDirectory()
        history.closed.write(to: directory.path)
        let disk = SimulatedDisk(directory.path)
        let storage = try LMDBEngine(ModelRun.limits, directory: directory.path, disk: disk)
        #expect(await storage.put(.id(.generate()), "more").outcome.isCreated)
        let later = disk.images().written
        storage.stop()
        let closedLater = StorageImage(of: directory.path)
        let cases: [(StorageImage, String)] = [
            (history.new.without(.heap), "killed, no records"), (history.closed.without(.heap), "closed, no records"),
            (history.closed.without(.heap, .database), "neither records nor index"),
            (history.closed.without(.heap, .log0, .log1, .database), "the sums alone"),
            (history.new.without(.log0, .log1), "killed, no log"),
            (later.with([.log0, .log1], from: history.closed), "killed, with an older log"),
            (later.with([.heap], from: history.closed), "killed, with older records"),
            (closedLater.with([.heap], from: history.closed), "closed, with older records"),
            (closedLater.with([.heap, .database, .sums], from: history.closed), "closed, the log alone is newer"),
        ]
        for (image, name) in cases {
            let error = Self.refusal(image)
            #expect(error?.code == .dataLoss, "\(name): \(error?.message ?? "opened")")
        }
        // No files at all are a new storage.
        #expect(Self.refusal(StorageImage()) == nil)
    }

    /// The header of the log is stored twice.
    @Test func aDamagedHeaderCostsNothing() async throws {
        let history = try await Self.history()
        for file in [StorageImage.File.log0, .log1] {
            for offset in Array(stride(from: 0, to: LogHeader.size, by: 13)) + stride(from: 2048, to: 2560, by: 29) {
                var damaged = history.new
                damaged[file][offset] ^= 0x10
                try Self.verify(damaged, history.atNew, "\(file) at \(offset)")
            }
        }
        for offset in Array(stride(from: 0, to: HeapHead.size, by: 7)) + stride(from: 512, to: 640, by: 31) {
            for image in [history.new, history.closed] {
                var damaged = image
                damaged.heap[offset] ^= 0x10
                try Self.verify(damaged, history.atNew, "the head of the heap at \(offset)")
            }
        }
    }

    /// Damages each used page of the index at random.
    @Test func anIndexWithADamagedPageIsRebuilt() async throws {
        let history = try await Self.history()
        var random = SeededNumbers(state: 77)
        for image in [history.new, history.closed] {
            for page in 0..<image.database.count / 4096 {
                var damaged = image
                damaged.database[page * 4096 + Int(random.next(4096))] ^= UInt8(1 << random.next(8))
                try Self.verify(damaged, history.atNew, "page \(page)")
            }
        }
    }

    @Test func aNewerFormatIsRefused() async throws {
        let history = try await Self.history()
        for (file, size, starts) in [(StorageImage.File.log0, 512, [0, 2048]), (.heap, 128, [0, 512])] {
            var newer = history.new
            for start in starts {
                var head = Array(newer[file][start..<start + size])
                head[8] = 9
                head.set(UInt32(0), at: 12)
                head.set(CRC32C.checksum(head), at: 12)
                newer[file].replaceSubrange(start..<start + size, with: head)
            }
            #expect(Self.refusal(newer)?.message.contains("format 9") == true)
        }
    }

    private static func verify(_ image: StorageImage, _ run: ModelRun, _ comment: Comment) throws {
        let directory = TemporaryDirectory()
        image.write(to: directory.path)
        try run.verify(directory.path, comment)
        try run.verify(directory.path, comment)
    }

    /// Why a start refuses these files, which it must not change.
    private static func refusal(_ image: StorageImage) -> ServiceError? {
        let directory = TemporaryDirectory()
        image.write(to: directory.path)
        do {
            try LMDBEngine(ModelRun.limits, directory: directory.path).stop()
            return nil
        } catch {
            #expect(StorageImage(of: directory.path) == image)
            #expect(error.message.contains(directory.path))
            return error
        }
    }
}
