// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import LinuxRuntime
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// Events while a storage is running.
@Suite struct RunningTests {
    private let directory = TemporaryDirectory()
    private var heap: String { directory.path + "/articles.mdb-records" }

    @Test func stopBringsAllToDisk() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        let answers = Answers()
        for number in 0..<500 { answers.put(engine, .id(.generate()), Array("\(number)".utf8)) }
        engine.stop()
        #expect(await answers.all().allSatisfy { $0.outcome.isCreated })
        #expect(await engine.put(.id(.generate()), "late").refusal == .unavailable)
        #expect(throws: ServiceError.self) { try engine.list() }
        engine.stop()
        let again = try LMDBEngine(.tests, directory: directory.path)
        #expect(try again.list().count == 500)
        again.stop()
    }

    @Test func whatIsAcknowledgedIsCounted() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        let id = ArticleID.generate()
        // All but the first change nothing, and are answered without a sync.
        for number in 1...300 as ClosedRange<UInt64> {
            let counted = Mutex<UInt64?>(nil)
            let isTold = Semaphore()
            engine.put(.id(id), content: [1]) { _ in
                counted.withLock { $0 = try? engine.statistics().writes }
                isTold.signal()
            }
            isTold.wait()
            #expect(counted.withLock { $0 } == number)
        }
        engine.stop()
    }

    @Test func aFullQueueRefusesAtOnce() async throws {
        for (writes, bytes) in [(10, 1 << 30), (1 << 20, 10_000)] {
            var limits = EngineLimits.tests
            (limits.queueWrites, limits.queueBytes) = (writes, bytes)
            let engine = try LMDBEngine(limits, directory: directory.path)
            // The thread that answers the writers waits in a completion, as long as this test wants.
            let (isHeld, mayGo) = (Semaphore(), Semaphore())
            engine.put(.id(.generate()), content: [1]) { _ in
                isHeld.signal()
                mayGo.wait()
            }
            isHeld.wait()
            let refused = Mutex(0)
            let answers = Answers()
            for _ in 0..<10 { answers.put(engine, .id(.generate()), [UInt8](repeating: 1, count: 900)) }
            for _ in 0..<5 {
                engine.put(.id(.generate()), content: [UInt8](repeating: 1, count: 900)) { result in
                    if result.refusal == .resourceExhausted { refused.withLock { $0 += 1 } }
                }
            }
            #expect(refused.withLock { $0 } == 5)
            mayGo.signal()
            #expect(await answers.all().allSatisfy { $0.outcome.isCreated })
            engine.stop()
        }
    }

    @Test func aFullMapRefusesWritesAndServesReads() async throws {
        var limits = EngineLimits.tests
        limits.mapSize = 1 << 20
        let engine = try LMDBEngine(limits, directory: directory.path)
        var stored: [ArticleID] = []
        var refusal: WriteResult?
        while refusal == nil, stored.count < 1000 {
            let id = ArticleID.generate()
            let result = await engine.put(
                .id(id), content: [UInt8](repeating: 1, count: 3000), key: Array("\(id)".utf8))
            if result.outcome.isCreated { stored.append(id) } else { refusal = result }
        }
        guard case .refused(let error) = refusal?.outcome else {
            Issue.record("never full")
            return
        }
        #expect(error.code == .resourceExhausted && error.message.contains("mapSize"))
        #expect(error.message.contains(heap))
        #expect(engine.health.state == .unhealthy)
        for id in stored { #expect(try engine.copy(key: "\(id)")?.id == id) }
        engine.stop()
        // With more room it works again.
        limits.mapSize = 1 << 24
        let roomier = try LMDBEngine(limits, directory: directory.path)
        #expect(await roomier.put(.id(.generate()), content: [UInt8](repeating: 1, count: 3000)).outcome.isCreated)
        #expect(roomier.health.state != .unhealthy)
        #expect(try roomier.list().count == stored.count + 1)
        roomier.stop()
    }

    @Test func onlyTheRecordThatIsTooLargeIsRefused() async throws {
        var limits = EngineLimits.tests
        limits.mapSize = 4 << 20
        let engine = try LMDBEngine(limits, directory: directory.path)
        let (isHeld, mayGo) = (Semaphore(), Semaphore())
        engine.put(.id(.generate()), content: [1]) { _ in
            isHeld.signal()
            mayGo.wait()
        }
        isHeld.wait()
        let answers = Answers()
        for number in 0..<20 {
            answers.put(engine, .id(.generate()), [UInt8](repeating: 1, count: number == 10 ? 8 << 20 : 100))
        }
        mayGo.signal()
        for (number, result) in await answers.all().enumerated() {
            #expect(number == 10 ? result.refusal == .resourceExhausted : result.outcome.isCreated)
        }
        engine.stop()
    }

    @Test func aDiskThatIsFullIsTold() async throws {
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            exit(try await Confined.byFileSize(path))
        }
    }

    @Test func aStartOnAFullDiskIsRefused() async throws {
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            exit(try await Confined.onAFullDisk(path))
        }
    }

    @Test func aFileSystemThatIsFullIsTold() async throws {
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            exit(try await Confined.byFileSystem(path))
        }
    }

    @Test func whatWasRefusedDoesNotComeBack() async throws {
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            exit(try await Confined.killedAfterARefusal(path))
        }
    }

    @Test func aFlippedByteIsFound() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        let ids = (0..<3).map { _ in ArticleID.generate() }
        let content = Array("the content of a record which is long enough to be found again".utf8)
        for (index, id) in ids.enumerated() {
            _ = await engine.put(
                .id(id), content: content + [UInt8(index)] + [UInt8](repeating: 9, count: 3000),
                key: Array("key\(index)".utf8))
        }
        engine.stop()
        var bytes = FileBytes.read(heap)
        for offset in 0..<bytes.count - content.count where bytes[offset] == content[0] {
            guard Array(bytes[offset..<offset + content.count]) == content else { continue }
            switch bytes[offset + content.count] {
            case 0: bytes[offset + 5] ^= 1
            case 1: bytes[offset - 20] ^= 1  // in the header, before the key of four bytes
            default: break
            }
        }
        FileBytes.write(bytes, to: heap)
        let again = try LMDBEngine(ModelRun.plain, directory: directory.path)
        // The reader of the content verifies its checksum.
        let flipped = try #require(try again.copy(ids[0]))
        #expect(CRC32C.checksum(flipped.content) != flipped.contentChecksum)
        let error = #expect(throws: ServiceError.self) { try again.copy(ids[1]) }
        #expect(error?.code == .dataLoss && error?.message.contains("\(ids[1])") == true)
        // A list includes it, and continues.
        let list = try again.list()
        #expect(Set(list.map(\.id)) == Set(ids))
        let unreadable = try #require(list.first { $0.id == ids[1] })
        #expect(unreadable.content.isEmpty && CRC32C.checksum(unreadable.content) != unreadable.contentChecksum)
        #expect(try again.list(after: .init(time: list[1].time, id: list[1].id)).map(\.id) == [list[2].id])
        #expect(try again.list(limit: 2) == Array(list.prefix(2)))
        let whole = try #require(try again.copy(ids[2]))
        #expect(CRC32C.checksum(whole.content) == whole.contentChecksum)
        #expect(await again.put(.id(ids[2]), "new").outcome.isUpdated)
        try await replaceWhatIsDamaged(again, ids)
        again.stop()
    }

    /// The second of three articles is damaged. It is replaced by its id or its key, or deleted. A replay of the log
    /// does the same.
    private func replaceWhatIsDamaged(_ engine: LMDBEngine, _ ids: [ArticleID]) async throws {
        let damaged = StorageImage(of: directory.path)
        let mended = await engine.put(.key(new: .generate()), content: [1, 2], key: Array("key1".utf8))
        #expect(mended.outcome.isCreated && mended.id == ids[1] && mended.revision == 1)
        for directory in [nil, TemporaryDirectory()] {
            var storage = engine
            if let directory {
                // The log has the write, and the index the damage.
                damaged.with([.log0, .log1, .durable], from: StorageImage(of: self.directory.path))
                    .write(to: directory.path)
                storage = try LMDBEngine(.tests, directory: directory.path)
            }
            #expect(try storage.copy(ids[1])?.content == [1, 2])
            #expect(try storage.copy(key: "key1")?.id == ids[1])
            #expect(try storage.list().map(\.id).filter { $0 == ids[1] }.count == 1)
            #expect(try storage.list().count == 3)
            if directory != nil { storage.stop() }
        }
        let copy = TemporaryDirectory()
        damaged.write(to: copy.path)
        let storage = try LMDBEngine(.tests, directory: copy.path)
        #expect(await storage.put(.id(ids[1]), content: [3], expected: 7).refusal == .conflict)
        let deleted = await storage.delete(ids[1])
        #expect(deleted.refusal == nil && deleted.revision == 0)
        #expect(try storage.copy(ids[1]) == nil)
        #expect(try storage.copy(key: "key1") == nil)
        #expect(Set(try storage.list().map(\.id)) == [ids[0], ids[2]])
        storage.stop()
    }

    /// In the leaf page of LMDB: size of the value (two halves of 16 bits), flags, size of the key, the key, and the
    /// value, which is offset and size of the record.
    @Test(arguments: [
        (-6, [0xff, 0x7f]), (-8, [4]), (16, [0, 0, 0, 0, 1]), (16, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        (16, [1]), (16, [0]), (24, [0xff, 0xff, 0xff, 0xff]), (24, [0, 0, 0, 0]),
    ]) func aWrongPlaceIsFoundBeforeItIsRead(offset: Int, wrong: [UInt8]) async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        let id = ArticleID.generate()
        let other = await engine.put(.id(.generate()), content: [UInt8](repeating: 8, count: 3000)).id
        _ = await engine.put(.id(id), content: [UInt8](repeating: 9, count: 3000))
        engine.commitPending()
        let database = directory.path + "/articles.mdb"
        var bytes = FileBytes.read(database)
        let key = id.bytes
        var isFound = false
        for place in 8..<bytes.count - 28 where bytes[place] == key[0] && Array(bytes[place..<place + 16]) == key {
            guard bytes[place - 2] == 16, bytes[place - 1] == 0, bytes[place - 8] == 12 else { continue }
            bytes.replaceSubrange(place + offset..<place + offset + wrong.count, with: wrong)
            isFound = true
        }
        #expect(isFound)
        // While the service runs: a start would rebuild the index.
        FileBytes.overwrite(bytes, in: database)
        let again = engine
        let error = #expect(throws: ServiceError.self) { try again.copy(id)?.revision }
        #expect(error?.code == .dataLoss)
        // It is replaced, and the location that it claimed is not given to anyone.
        #expect(await again.put(.id(id), "new").refusal == nil)
        for _ in 0..<20 { _ = await again.put(.id(.generate()), content: [UInt8](repeating: 7, count: 3000)) }
        #expect(try again.copy(other)?.content == [UInt8](repeating: 8, count: 3000))
        #expect(try again.copy(id)?.content == Array("new".utf8))
        again.stop()
    }
}
