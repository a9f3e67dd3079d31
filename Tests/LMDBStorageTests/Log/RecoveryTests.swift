import ArticleProtocol
import Glibc
import HandlerKit
import Synchronization
import Testing

@testable import LMDBStorage

/// What a start makes of a log.
@Suite struct RecoveryTests {
    @Test func aKillLosesNothing() async throws {
        for steps in 0..<25 {
            var run = ModelRun(seed: UInt64(steps))
            let image = try await PowerLossTests.killed(&run, steps: steps)
            let directory = TemporaryDirectory()
            image.write(to: directory.path)
            try run.verify(directory.path, "\(steps) steps", disk: SimulatedDisk(directory.path))
            // And the recovered one is stopped, and opened again.
            try run.verify(directory.path, "\(steps) steps, again")
        }
    }

    @Test func aRecoveryMayBeKilledAnywhere() async throws {
        var run = ModelRun(seed: 7)
        var image = try await PowerLossTests.killed(&run, steps: 33)
        var starts = 0
        for calls in 0..<40 {
            let directory = TemporaryDirectory()
            image.write(to: directory.path)
            let disk = SimulatedDisk(directory.path)
            disk.state.withLock { $0.callsLeft = calls }
            let storage = try? LMDBEngine(ModelRun.limits, directory: directory.path, disk: disk)
            image = StorageImage(of: directory.path)
            if let storage {
                try run.verify(storage, "\(calls) calls")
                storage.stop()
                starts += 1
            }
        }
        #expect(starts > 5)
    }

    /// Groups of one change each, and no checkpoint among them; the last one is cut off or damaged at each of its bytes.
    @Test func aTornTailIsNoGroup() async throws {
        let directory = TemporaryDirectory()
        let disk = SimulatedDisk(directory.path)
        let storage = try LMDBEngine(ModelRun.plain, directory: directory.path, disk: disk)
        var ids: [ArticleID] = []
        var sizes: [Int] = []
        for number in 0..<4 {
            let result = await storage.put(.id(.generate()), "content \(number)", key: "key \(number)", terms: ["t"])
            ids.append(result.id)
            sizes.append(Self.end(disk.images().written.logs[0]))
        }
        let image = disk.images().written
        storage.stop()
        let last = sizes[2]
        let size = LogGroup.size + LogEntry.size + RecordHeader.size + 5 + 2 + 9
        #expect(sizes[3] == last + LogGroup.block && size > 100)
        for offset in last..<last + size {
            var damaged = image
            damaged.logs[0][offset] ^= 0x41
            try Self.expect(damaged, Array(ids[..<3]), "damaged at \(offset - last)")
            damaged.logs[0] = Array(image.logs[0][..<offset])
            try Self.expect(damaged, Array(ids[..<3]), "cut off at \(offset - last)")
        }
        try Self.expect(image, ids, "whole")
        // What is not the last one: nothing behind it counts.
        var damaged = image
        damaged.logs[0][sizes[1] + 60] ^= 1
        try Self.expect(damaged, Array(ids[..<2]), "damaged before the last")
    }

    /// The log of a large group says where its records are; they have to be there.
    @Test func aGroupWithoutItsRecordsIsNoGroup() async throws {
        let directory = TemporaryDirectory()
        let disk = SimulatedDisk(directory.path)
        var limits = ModelRun.plain
        limits.leastInHeap = 1
        let storage = try LMDBEngine(limits, directory: directory.path, disk: disk)
        var ids: [ArticleID] = []
        for number in 0..<4 { ids.append(await storage.put(.id(.generate()), "content \(number)", terms: ["t"]).id) }
        let image = disk.images().written
        storage.stop()
        #expect(Self.place(of: "content 0", in: image.logs[0]) == nil)
        for number in 0..<4 {
            let place = try #require(Self.place(of: "content \(number)", in: image.heap))
            for offset in [place, place - 1, place + 8] {
                var damaged = image
                damaged.heap[offset] ^= 1
                try Self.expect(damaged, Array(ids[..<number]), "\(number), at \(offset)")
            }
            var cut = image
            cut.heap = Array(image.heap[..<place])
            try Self.expect(cut, Array(ids[..<number]), "\(number), cut off")
            var former = image
            let record = Self.record(ids[number], "content \(number)", terms: ["t"])
            let start = place + "content \(number)".utf8.count - record.count
            former.heap.replaceSubrange(start..<start + record.count, with: record)
            try Self.expect(former, Array(ids[..<number]), "\(number), a former one of its id in its place")
        }
        try Self.expect(image, ids, "whole")
    }

    /// A handler that has a fault does not cost others what was acknowledged behind it.
    @Test func aWrongChecksumIsNotTheEndOfTheLog() async throws {
        for leastInHeap in [1, .max] {
            let directory = TemporaryDirectory()
            let disk = SimulatedDisk(directory.path)
            var limits = ModelRun.plain
            limits.leastInHeap = leastInHeap
            let storage = try LMDBEngine(limits, directory: directory.path, disk: disk)
            let first = await storage.put(.id(.generate()), "first", terms: ["t"])
            _ = await storage.put(.id(.generate()), content: [1, 2, 3], terms: ["t"], checksum: 7)
            let last = await storage.put(.id(.generate()), "last", terms: ["t"])
            let image = disk.images().written
            storage.stop()
            try Self.expect(image, [first.id, last.id], "records in the heap from \(leastInHeap) bytes on")
        }
    }

    /// A whole record of another time.
    private static func record(_ id: ArticleID, _ text: String, terms: [String]) -> [UInt8] {
        let content = Array(text.utf8)
        var list = TermList()
        for term in terms { list.append("", Array(term.utf8).rawSpan) }
        let write = PendingWrite(
            StorageWrite(
                put: .id(id), key: RawSpan(), content: content.rawSpan, contentChecksum: CRC32C.checksum(content),
                terms: list)
        ) { _ in }
        write.fill(id, revision: 1, createdAt: 1, storedAt: 1)
        return unsafe [UInt8](write.record)
    }

    private static func place(of text: String, in bytes: [UInt8]) -> Int? {
        let text = Array(text.utf8)
        return (0...(bytes.count - text.count)).first {
            bytes[$0] == text[0] && Array(bytes[$0..<$0 + text.count]) == text
        }
    }

    /// A group that was refused after it was written to the log.
    @Test func whatIsTakenBackIsNotFound() throws {
        let directory = TemporaryDirectory()
        let files: [any LogFile] = [
            try DiskLogFile(directory.path + "/0"), try DiskLogFile(directory.path + "/1"),
        ]
        var log = try RedoLog(files, .new(), generation: 1, index: 0)
        let header = log.header(number: 1, MetaPages([UInt8](repeating: 0, count: MetaPages.size)), pageSize: 4096)
        func write(_ text: String) throws -> LogGroup { try Self.write(text, &log) }
        log.confirm(try write("first"))
        _ = try write("second")
        log.retract()
        #expect(log.failure == nil)
        var reader = LogReader(files, nil, from: 0, header)
        #expect(try reader.next()?.group.sequence == 1)
        #expect(try reader.next() == nil)
        log.confirm(try write("third"))
        reader = LogReader(files, nil, from: 0, header)
        #expect(try reader.next() != nil)
        #expect(try reader.next()?.group.sequence == 2)
        // In the other file it goes on.
        log.turn()
        log.confirm(try write("fourth"))
        #expect(try reader.next()?.group.sequence == 3)
        #expect(try reader.next() == nil)
    }

    /// What an earlier time left in the file, right where the next group would be, and with its number.
    @Test func groupsOfAnEarlierTimeAreNotFound() throws {
        let directory = TemporaryDirectory()
        let files: [any LogFile] = [
            try DiskLogFile(directory.path + "/0"), try DiskLogFile(directory.path + "/1"),
        ]
        var before = try RedoLog(files, .new(), generation: 1, index: 0)
        for text in ["first", "second", "third"] { before.confirm(try Self.write(text, &before)) }
        var log = try RedoLog(files, .new(), generation: 2, index: 0)
        let header = log.header(number: 1, MetaPages([UInt8](repeating: 0, count: MetaPages.size)), pageSize: 4096)
        log.confirm(try Self.write("anew", &log))
        #expect(log.position < before.position)
        var reader = LogReader(files, nil, from: 0, header)
        #expect(try reader.next()?.group.sequence == 1)
        #expect(try reader.next() == nil)
    }

    private static func write(_ text: String, _ log: inout RedoLog) throws -> LogGroup {
        let content = Array(text.utf8)
        let id = ArticleID.generate()
        let write = PendingWrite(
            StorageWrite(
                put: .id(id), key: RawSpan(), content: content.rawSpan, contentChecksum: CRC32C.checksum(content))
        ) { _ in }
        write.fill(id, revision: 1, createdAt: 1, storedAt: 1)
        return try #require(
            try log.append(
                [write], [WriteResult(.created, id: id, revision: 1)],
                [HeapLocation(offset: 64, count: write.recordSize)], areInHeap: false))
    }

    private static func end(_ log: [UInt8]) -> Int {
        var position = LogHeader.space
        while position < log.count, let group = LogGroup(Array(log[position..<position + LogGroup.size])) {
            position = group.end(from: position)
        }
        return position
    }

    private static func expect(_ image: StorageImage, _ ids: [ArticleID], _ comment: Comment) throws {
        let directory = TemporaryDirectory()
        image.write(to: directory.path)
        let storage = try LMDBEngine(
            ModelRun.plain, directory: directory.path, disk: SimulatedDisk(directory.path))
        defer { storage.stop() }
        #expect(Set(try storage.list().map(\.id)) == Set(ids), comment)
        #expect(Set(try storage.list(["t"]).map(\.id)) == Set(ids), comment)
    }
}
