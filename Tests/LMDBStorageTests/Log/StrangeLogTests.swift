import ArticleProtocol
import Glibc
import HandlerKit
import Testing

@testable import LMDBStorage

/// A database and a log that do not belong together are told of, and left as they are.
@Suite struct StrangeLogTests {
    @Test func anOlderCopyIsRefused() async throws {
        var run = ModelRun(seed: 1)
        let directory = TemporaryDirectory()
        let disk = SimulatedDisk(directory.path)
        let storage = try LMDBEngine(ModelRun.limits, directory: directory.path, disk: disk)
        for _ in 0..<3 { try await run.step(storage) }
        let old = disk.images().written
        for _ in 0..<60 { try await run.step(storage) }
        let new = disk.images().written
        storage.stop()
        let stopped = StorageImage(of: directory.path)
        #expect(
            Self.refusal(StorageImage(database: old.database, heap: old.heap, logs: new.logs))?.code
                == .failedPrecondition)
        // An older log does not bring back what the database has lost since.
        #expect(
            Self.refusal(StorageImage(database: new.database, heap: new.heap, logs: old.logs))?.code
                == .failedPrecondition)
        // The copy of a stopped service needs no log, and one that is empty is in nobody's way.
        let restored = TemporaryDirectory()
        StorageImage(database: stopped.database, heap: stopped.heap, logs: [[], []]).write(to: restored.path)
        try run.verify(restored.path, "the file alone")
        let (again, before) = try await Self.unclean(restored.path)
        // But a log that has changes is.
        #expect(
            Self.refusal(StorageImage(database: stopped.database, heap: stopped.heap, logs: again.logs))?.code
                == .failedPrecondition)
        #expect(Self.refusal(StorageImage(database: before.database, heap: before.heap, logs: again.logs)) == nil)
        #expect(Self.refusal(StorageImage(database: [], heap: [], logs: again.logs))?.code == .failedPrecondition)
        #expect(Self.refusal(StorageImage(database: [], heap: [], logs: stopped.logs)) == nil)
    }

    @Test func aDatabaseWithoutItsLogIsRefused() async throws {
        let (image, _) = try await Self.unclean(TemporaryDirectory().path)
        for logs in [[[], []], [image.logs[1], image.logs[1]], [image.logs[0].prefix(100) + [], []]] {
            let error = Self.refusal(StorageImage(database: image.database, heap: image.heap, logs: logs))
            #expect(error?.code == .dataLoss)
            #expect(error?.message.contains("articles.mdb-redo0") == true)
        }
        let (other, _) = try await Self.unclean(TemporaryDirectory().path)
        #expect(
            Self.refusal(StorageImage(database: image.database, heap: image.heap, logs: other.logs))?.code == .dataLoss)
    }

    @Test func aDamagedHeaderIsFound() async throws {
        let (image, _) = try await Self.unclean(TemporaryDirectory().path)
        for offset in stride(from: 0, to: LogHeader.size, by: 3) where !(8..<12).contains(offset) {
            var damaged = image
            damaged.logs[0][offset] ^= 0x10
            #expect(Self.refusal(damaged)?.code == .dataLoss, "at \(offset)")
        }
    }

    /// Of a storage that was closed there is nothing to read in it.
    @Test(arguments: [1, 2, 3] as [UInt8])
    func aFormerLogIsReadByWhoWroteIt(_ format: UInt8) async throws {
        func former(_ image: StorageImage) -> StorageImage {
            var image = image
            for index in 0..<2 where image.logs[index].count >= LogHeader.size && image.logs[index][8] == 4 {
                var header = Array(image.logs[index][..<LogHeader.size])
                header[8] = format
                header.set(UInt32(0), at: 12)
                header.set(CRC32C.checksum(header), at: 12)
                image.logs[index].replaceSubrange(..<LogHeader.size, with: header)
            }
            return image
        }
        let directory = TemporaryDirectory()
        let (image, _) = try await Self.unclean(directory.path)
        let error = Self.refusal(former(image))
        #expect(error?.code == .failedPrecondition && error?.message.contains("older one") == true)
        var run = ModelRun(seed: 21)
        let storage = try LMDBEngine(ModelRun.limits, directory: directory.path)
        for _ in 0..<20 { try await run.step(storage) }
        storage.stop()
        let closed = TemporaryDirectory()
        former(StorageImage(of: directory.path)).write(to: closed.path)
        try run.verify(closed.path, "closed")
    }

    @Test func aNewerFormatIsRefused() async throws {
        let (image, _) = try await Self.unclean(TemporaryDirectory().path)
        var newer = image
        newer.logs[0][8] = 9
        #expect(Self.refusal(newer)?.message.contains("format 9") == true)
        newer = image
        newer.database[Int(getpagesize()) - FileMark.size + 8] = 9
        #expect(Self.refusal(newer)?.message.contains("format 9") == true)
        newer = image
        newer.database[Int(getpagesize()) - FileMark.size + 20] ^= 1
        #expect(Self.refusal(newer)?.code == .dataLoss)
    }

    /// The records of a former format stand in the table, and the first one has no log: it is taken over where it is.
    @Test(arguments: [1, 2] as [UInt8]) func aFormerFormatIsTakenOver(format: UInt8) async throws {
        var run = ModelRun(seed: 3)
        let directory = TemporaryDirectory()
        let storage = try LMDBEngine(ModelRun.limits, directory: directory.path)
        for _ in 0..<30 { try await run.step(storage) }
        storage.stop()
        try Self.moveRecordsIntoTheTable(directory.path)
        var former = StorageImage(of: directory.path)
        (former.heap, former.logs) = ([], [[], []])
        let version = try #require(Self.version(in: former.database))
        #expect(former.database[version] == 3)
        former.database[version] = format
        let mark = Int(getpagesize()) - FileMark.size
        if format == 1 { for offset in mark..<mark + FileMark.size { former.database[offset] = 0 } }
        let taken = TemporaryDirectory()
        former.write(to: taken.path)
        try run.verify(taken.path, "taken over")
        // The articled that made it must not open it any more.
        let found = StorageImage(of: taken.path)
        #expect(try #require(Self.versions(in: found.database)).contains(3))
        #expect(!found.logs[0].isEmpty)
        try run.verify(taken.path, "again")
        // Killed right after the start: the log is needed from now on, and is there.
        let killed = TemporaryDirectory()
        former.write(to: killed.path)
        let (image, _) = try await Self.unclean(killed.path)
        let again = TemporaryDirectory()
        image.write(to: again.path)
        let reopened = try LMDBEngine(ModelRun.limits, directory: again.path)
        #expect(try reopened.copy(key: "unclean") != nil)
        reopened.stop()
    }

    private static func moveRecordsIntoTheTable(_ path: String) throws {
        let environment = try Environment.open(in: DataDirectory(path), .tests)
        defer { environment.close() }
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            for id in ModelRun.ids {
                let record = try unsafe transaction.lend(id.bytes, environment.records) { value in
                    unsafe environment.record(value).map { unsafe [UInt8]($0) }
                }
                if let record = record ?? nil { try transaction.put(id.bytes, record, environment.records) }
            }
        }
    }

    /// A storage that was killed with a change in its log: as it was then, and before the change.
    private static func unclean(_ path: String) async throws -> (after: StorageImage, before: StorageImage) {
        let directory = TemporaryDirectory()
        StorageImage(of: path).write(to: directory.path)
        let disk = SimulatedDisk(directory.path)
        let storage = try LMDBEngine(ModelRun.plain, directory: directory.path, disk: disk)
        let before = disk.images().written
        #expect(await storage.put(.id(.generate()), "text", key: "unclean").outcome.isCreated)
        let after = disk.images().written
        storage.stop()
        return (after, before)
    }

    /// Why a start refuses files, which must be as they were then.
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

    private static func version(in database: [UInt8]) -> Int? { places(in: database).first }

    private static func versions(in database: [UInt8]) -> [UInt8]? { places(in: database).map { database[$0] } }

    private static func places(in database: [UInt8]) -> [Int] {
        let magic = Array("RTCLDDB1".utf8)
        return (0..<database.count - 12).filter {
            database[$0] == magic[0] && Array(database[$0..<$0 + 8]) == magic
        }.map { $0 + 8 }
    }
}
