// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// How a start recovers from a log.
@Suite struct RecoveryTests {
    @Test func aKillLosesNothing() async throws {
        for steps in 0..<25 {
            var run = ModelRun(seed: UInt64(steps))
            let image = try await PowerLossTests.killed(&run, steps: steps)
            let directory = TemporaryDirectory()
            image.write(to: directory.path)
            try run.verify(directory.path, "\(steps) steps", disk: SimulatedDisk(directory.path))
            // The recovered storage is stopped and opened again.
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

    /// Groups of one write each, without a checkpoint. The last one is truncated or damaged at each of its bytes, and
    /// nothing says that it was acknowledged: then it does not count, unless everything needed is intact.
    @Test func aTornTailDoesNotCount() async throws {
        let (image, ids, ends) = try await Self.fourGroups()
        let size = LogGroup.size + LogEntry.size + RecordHeader.size + 5 + 2 + 9
        #expect(ends[3] == ends[2] + LogGroup.block && size > 100)
        for offset in ends[2]..<ends[2] + size {
            var damaged = image.without(.durable)
            damaged[.log0][offset] ^= 0x41
            try Self.expect(damaged, Array(ids[..<3]), "damaged at \(offset - ends[2])")
            damaged[.log0] = Array(image[.log0][..<offset])
            try Self.expect(damaged, Array(ids[..<3]), "cut off at \(offset - ends[2])")
        }
        try Self.expect(image, ids, "whole")
    }

    /// Nothing acknowledged is dropped silently. Wherever a byte of the log is damaged, all articles are there, or
    /// the damaged one is named, or the start is refused and names the loss when it is told to continue.
    @Test func aDamagedGroupIsNamed() async throws {
        let (image, ids, ends) = try await Self.fourGroups()
        var outcomes: Set<String> = []
        for number in 0..<4 {
            let start = number == 0 ? LogHeader.space : ends[number - 1]
            for offset in stride(from: start, to: ends[number], by: 7) {
                var damaged = image
                damaged[.log0][offset] ^= 0x41
                outcomes.insert(try await Self.tell(damaged, ids, number, "group \(number) at \(offset - start)"))
            }
            var cut = image
            cut[.log0] = Array(image[.log0][..<start])
            #expect(try await Self.tell(cut, Array(ids[..<number]), number, "cut off before \(number)") == "refused")
        }
        #expect(outcomes == ["whole", "damaged article", "refused"])
    }

    /// The same for a large group, whose records are in the heap only.
    @Test func aDamagedRecordInTheHeapIsOneArticle() async throws {
        let (image, ids, _) = try await Self.fourGroups(heapOnlyBytes: 1)
        #expect(Self.place(of: "content 0", in: image[.log0]) == nil)
        for number in 0..<4 {
            let place = try #require(Self.place(of: "content \(number)", in: image.heap))
            for offset in stride(from: place - 3 - RecordHeader.size, to: place + 9, by: 5) {
                var damaged = image
                damaged.heap[offset] ^= 1
                #expect(try await Self.tell(damaged, ids, number, "\(number), at \(offset)") == "damaged article")
            }
            // Nothing says that the last one was acknowledged, so it does not count.
            if number == 3 {
                var damaged = image.without(.durable)
                damaged.heap[place] ^= 1
                try Self.expect(damaged, Array(ids[..<3]), "torn")
            }
        }
        try Self.expect(image, ids, "whole")
    }

    /// Four articles in a group each, as kill -9 left them, and where the groups end.
    private static func fourGroups(
        heapOnlyBytes: Int = .max
    ) async throws -> (image: StorageImage, ids: [ArticleID], ends: [Int]) {
        let directory = TemporaryDirectory()
        let disk = SimulatedDisk(directory.path)
        var limits = ModelRun.plain
        limits.heapOnlyBytes = heapOnlyBytes
        let storage = try LMDBEngine(limits, directory: directory.path, disk: disk)
        var ids: [ArticleID] = []
        var ends: [Int] = []
        for number in 0..<4 {
            ids.append(
                await storage.put(.id(.generate()), "content \(number)", key: "key \(number)", terms: ["t"]).id)
            ends.append(end(disk.images().written[.log0]))
        }
        let image = disk.images().written
        storage.stop()
        return (image, ids, ends)
    }

    /// Opens damaged files, and checks that nothing is silently missing.
    ///
    /// - Returns: the result: "whole", "damaged article", or "refused".
    private static func tell(
        _ image: StorageImage, _ ids: [ArticleID], _ damaged: Int, _ comment: Comment
    ) async throws -> String {
        let directory = TemporaryDirectory()
        image.write(to: directory.path)
        do {
            let storage = try LMDBEngine(ModelRun.plain, directory: directory.path)
            defer { storage.stop() }
            var isDamaged = false
            for (number, id) in ids.enumerated() {
                do {
                    let copy = try #require(try storage.copy(id), comment)
                    if CRC32C.checksum(copy.content) != copy.contentChecksum { isDamaged = true }
                } catch let error as ServiceError {
                    try #require(error.code == .dataLoss && number == damaged, comment)
                    isDamaged = true
                }
            }
            #expect(Set(try storage.list().map(\.id)) == Set(ids), comment)
            return isDamaged ? "damaged article" : "whole"
        } catch let error as ServiceError {
            try #require(error.code == .dataLoss && error.message.contains("--recover"), comment)
            #expect(StorageImage(of: directory.path) == image, comment)
        }
        // The loss is named first, and everything else is kept.
        let storage = try LMDBEngine(ModelRun.plain, directory: directory.path, acceptsLoss: true)
        let rest = ids.enumerated().filter { $0.offset != damaged }.map(\.element)
        #expect(Set(try storage.list().map(\.id)).isSuperset(of: rest), comment)
        #expect(await storage.put(.id(.generate()), "later").outcome.isCreated, comment)
        storage.stop()
        return "refused"
    }

    /// A handler with a bug does not cost others what was acknowledged after its write.
    @Test func aWrongChecksumIsNotTheEndOfTheLog() async throws {
        for heapOnlyBytes in [1, .max] {
            let directory = TemporaryDirectory()
            let disk = SimulatedDisk(directory.path)
            var limits = ModelRun.plain
            limits.heapOnlyBytes = heapOnlyBytes
            let storage = try LMDBEngine(limits, directory: directory.path, disk: disk)
            let first = await storage.put(.id(.generate()), "first", terms: ["t"])
            _ = await storage.put(.id(.generate()), content: [1, 2, 3], terms: ["t"], checksum: 7)
            let last = await storage.put(.id(.generate()), "last", terms: ["t"])
            let image = disk.images().written
            storage.stop()
            try Self.expect(image, [first.id, last.id], "records in the heap from \(heapOnlyBytes) bytes on")
        }
    }

    private static func place(of text: String, in bytes: [UInt8]) -> Int? {
        let text = Array(text.utf8)
        return (0...(bytes.count - text.count)).first {
            bytes[$0] == text[0] && Array(bytes[$0..<$0 + text.count]) == text
        }
    }

    /// A group that was refused after it was written to the log.
    @Test func aRetractedGroupIsNotFound() throws {
        let directory = TemporaryDirectory()
        let files: [any DiskFile] = [
            try SystemFile(directory.path + "/0"), try SystemFile(directory.path + "/1"),
        ]
        var log = try RedoLog(files, .new(), generation: 1, index: 0)
        func write(_ text: String) throws -> LogGroup { try Self.write(text, &log) }
        log.confirm(try write("first"))
        _ = try write("second")
        try log.retract()
        #expect(try Self.numbers(files, log) == [1])
        log.confirm(try write("third"))
        #expect(try Self.numbers(files, log) == [1, 2])
        // Continues in the other file.
        log.switchFile()
        log.confirm(try write("fourth"))
        #expect(try Self.numbers(files, log) == [1, 2, 3])
        // Groups before a checkpoint do not count.
        #expect(try Self.numbers(files, log, from: 3) == [3])
    }

    /// An old group in the file, exactly where the next group would be, with its number.
    @Test func groupsOfAnEarlierSessionAreNotFound() throws {
        let directory = TemporaryDirectory()
        let files: [any DiskFile] = [
            try SystemFile(directory.path + "/0"), try SystemFile(directory.path + "/1"),
        ]
        var before = try RedoLog(files, .new(), generation: 1, index: 0)
        for text in ["first", "second", "third"] { before.confirm(try Self.write(text, &before)) }
        var log = try RedoLog(files, .new(), generation: 2, index: 0)
        log.confirm(try Self.write("anew", &log))
        #expect(log.position < before.position)
        #expect(try Self.numbers(files, log) == [1])
    }

    /// A missing group counts if something says that it was on disk: a later group, or the mark.
    @Test func missingGroupsAreReported() throws {
        let directory = TemporaryDirectory()
        let files: [any DiskFile] = [try SystemFile(directory.path + "/0"), try SystemFile(directory.path + "/1")]
        var log = try RedoLog(files, .new(), generation: 1, index: 0)
        var places: [Int] = []
        for durable in [0, 1, 1, 3] as [UInt64] {
            places.append(log.position)
            log.confirm(try Self.write("text", &log, durable: durable))
        }
        func survey(durable: UInt64 = 0) throws -> LogSurvey {
            try LogSurvey(files, log.session, from: 1, durable: durable)
        }
        #expect(try survey().missing.isEmpty && survey().valid(nil).count == 4)
        let zeros = [UInt8](repeating: 0, count: LogGroup.size)
        // The last group: it was not acknowledged as far as is known, or it was.
        try files[0].write(zeros, at: places[3])
        #expect(try survey().missing.isEmpty && survey().valid(nil).count == 3)
        #expect(try survey(durable: 4).missing == [4...4])
        #expect(try survey(durable: 6).missing == [4...6])
        // An earlier group that a later one knows of.
        log = try RedoLog(files, .new(), generation: 2, index: 0)
        for durable in [0, 1, 1, 3] as [UInt64] { log.confirm(try Self.write("text", &log, durable: durable)) }
        try files[0].write(zeros, at: places[1])
        #expect(try survey().missing == [2...2])
        #expect(try survey().valid(nil).map(\.group.sequence) == [1, 3, 4])
        // An earlier group that nothing knows of: it ends the valid groups, although later ones are intact.
        log = try RedoLog(files, .new(), generation: 3, index: 0)
        for durable in [0, 1, 1, 1] as [UInt64] { log.confirm(try Self.write("text", &log, durable: durable)) }
        try files[0].write(zeros, at: places[1])
        #expect(try survey().missing.isEmpty)
        #expect(try survey().valid(nil).map(\.group.sequence) == [1])
    }

    private static func numbers(_ files: [any DiskFile], _ log: RedoLog, from first: UInt64 = 1) throws -> [UInt64] {
        try LogSurvey(files, log.session, from: first, durable: 0).valid(nil).map(\.group.sequence)
    }

    private static func write(_ text: String, _ log: inout RedoLog, durable: UInt64 = 0) throws -> LogGroup {
        let content = Array(text.utf8)
        let id = ArticleID.generate()
        let write = PendingWrite(
            StorageWrite(
                put: .id(id), key: RawSpan(), content: content.rawSpan, contentChecksum: CRC32C.checksum(content))
        ) { _ in }
        write.fill(id, revision: 1, createdAt: 1, storedAt: 1, RecordStamp(sequence: 1, seal: 1))
        return try #require(
            try log.append(
                [write], [WriteResult(.created, id: id, revision: 1)],
                [HeapLocation(offset: 1024, count: write.recordSize)], areInHeap: false, records: 1,
                durable: durable))
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
