// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import LinuxRuntime
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// Acknowledged writes are visible even before their transaction is committed.
@Suite struct RecentWritesTests {
    private let directory = TemporaryDirectory()

    @Test func changesAreOfTheirTransaction() {
        let recent = RecentWrites()
        let ids = (0..<40).map { _ in ArticleID.generate() }
        func change(_ index: Int, _ offset: Int?, key: UInt64? = nil) -> RecentWrites.Entry {
            RecentWrites.Entry(
                id: ids[index], keyList: key, location: HeapLocation(offset: offset ?? 64, count: 100),
                isGone: offset == nil)
        }
        #expect(recent.transaction == 0)
        recent.publish(
            (0..<20).map { change($0, 64 * ($0 + 1), key: UInt64($0 % 10)) },
            RecentWrites.Totals(records: 20, used: 0), in: 7)
        #expect(recent.transaction == 7)
        for index in 0..<20 { #expect(recent.find(ids[index], in: 7) == .at(64 * (index + 1))) }
        #expect(recent.find(ids[20], in: 7) == nil)
        // If a key was given to two records, the later one counts.
        #expect(recent.owner(3, in: 7)?.id == ids[13])
        #expect(recent.owner(11, in: 7) == nil)
        recent.publish([change(13, nil), change(4, 6400)], RecentWrites.Totals(records: 20, used: 0), in: 7)
        #expect(recent.find(ids[13], in: 7) == .gone && recent.find(ids[4], in: 7) == .at(6400))
        #expect(recent.owner(3, in: 7)?.found == .gone)
        recent.clear()
        #expect(recent.transaction == 0)
        recent.publish([change(30, 64)], RecentWrites.Totals(records: 20, used: 0), in: 8)
        #expect(recent.transaction == 8)
        for index in 0..<20 { #expect(recent.find(ids[index], in: 8) == nil) }
        #expect(recent.find(ids[30], in: 8) == .at(64) && recent.owner(3, in: 8) == nil)
    }

    @Test func thereIsRoomForSoMany() {
        let recent = RecentWrites()
        for transaction in 1...3 as ClosedRange<UInt64> {
            let changes = (0..<RecentWrites.capacity).map {
                RecentWrites.Entry(
                    id: ArticleID(high: UInt64($0), low: UInt64($0) << 32), keyList: 1 << 63 | UInt64($0),
                    location: HeapLocation(offset: 64 * ($0 + 1), count: 1), isGone: false)
            }
            #expect(recent.hasRoom(for: changes.count))
            recent.publish(changes, RecentWrites.Totals(records: 1, used: 0), in: transaction)
            #expect(!recent.hasRoom(for: 1))
            for change in changes {
                #expect(recent.find(change.id, in: transaction) == .at(change.location.offset))
                #expect(recent.owner(change.keyList ?? 0, in: transaction)?.id == change.id)
            }
            recent.clear()
        }
    }

    /// A group that is too large for readers to search is committed at once.
    @Test func aLargeGroupCannotWait() throws {
        let environment = try LMDBEnvironment.forTests(directory.path)
        defer { environment.close() }
        let shared = SharedTransaction(environment)
        #expect(!shared.canStayOpen)
        try shared.begin(reusable: 0)
        var writes: [PendingWrite] = []  // whose records are written below
        for number in 0...RecentWrites.capacity {
            #expect(shared.canStayOpen, "\(number)")
            let content = [UInt8(truncatingIfNeeded: number)]
            let write = PendingWrite(
                StorageWrite(
                    put: .id(.generate()), key: RawSpan(), content: content.rawSpan,
                    contentChecksum: CRC32C.checksum(content)), { _ in })
            writes.append(write)
            #expect(try shared.make(write).outcome.isCreated)
        }
        #expect(!shared.canStayOpen)
        try withExtendedLifetime(writes) { try shared.writeRecords() }
        try shared.commit()
        #expect(!shared.isOpen && environment.recent.transaction == 0)
    }

    /// No list is requested, so that transactions stay open for long. Records change, gain and lose keys, and are
    /// deleted.
    @Test(arguments: 0..<6 as Range<UInt64>) func whatIsAcknowledgedIsRead(seed: UInt64) async throws {
        let engine = try LMDBEngine(seed % 2 == 0 ? ModelRun.plain : ModelRun.limits, directory: directory.path)
        var run = ModelRun(seed: seed)
        for step in 0..<300 {
            try await run.step(engine)
            try run.verifyRecords(engine, "seed \(seed), step \(step)")
        }
        try run.verify(engine, "seed \(seed)")
        engine.stop()
        try run.verify(directory.path, "seed \(seed), again")
    }

    /// A write that fails rolls the transaction back, and the other groups in it are replayed.
    @Test(arguments: 0..<6 as Range<UInt64>) func whatFailsTakesNothingWithIt(seed: UInt64) async throws {
        var limits = ModelRun.plain
        limits.mapSize = 4 << 20
        let engine = try LMDBEngine(limits, directory: directory.path)
        var run = ModelRun(seed: seed)
        var refusals = 0
        for step in 0..<120 {
            if step % 7 == 3 {
                let result = await engine.put(.id(.generate()), content: [UInt8](repeating: 1, count: 8 << 20))
                #expect(result.refusal == .resourceExhausted)
                refusals += 1
            } else {
                try await run.step(engine)
            }
            try run.verifyRecords(engine, "seed \(seed), step \(step)")
        }
        try run.verify(engine, "seed \(seed)")
        engine.stop()
        try run.verify(directory.path, "seed \(seed), again")
    }

    /// A key that moves from one record to another and back belongs to one of them at any time, for readers too.
    @Test func aKeyHasAnOwnerAtAnyTime() async throws {
        let engine = try LMDBEngine(ModelRun.limits, directory: directory.path)
        let ids = [ArticleID.generate(), ArticleID.generate()]
        _ = await engine.put(.id(ids[0]), content: [0], key: Array("moves".utf8))
        let staying = ArticleID.generate()
        _ = await engine.put(.id(staying), content: CrashLoad.content(staying, 1), key: Array("stays".utf8))
        let isOver = Atomic(false)
        let missed = Atomic(0)
        let wrong = Atomic(0)
        let reads = Atomic(0)
        let readers = try (0..<2).map { _ in
            try Thread("reader") {
                while !isOver.load(ordering: .relaxed) {
                    guard let copy = try? engine.copy(key: "stays") else {
                        missed.add(1, ordering: .relaxed)
                        continue
                    }
                    let isRight = copy.content == CrashLoad.content(copy.id, copy.revision)
                    if !isRight { wrong.add(1, ordering: .relaxed) }
                    reads.add(1, ordering: .relaxed)
                    if let other = try? engine.copy(key: "moves"),
                        !ids.contains(other.id) || other.key != Array("moves".utf8)
                    {
                        wrong.add(1, ordering: .relaxed)
                    }
                }
            }
        }
        for round in 2...200 as ClosedRange<UInt64> {
            _ = await engine.put(.id(staying), content: CrashLoad.content(staying, round), key: Array("stays".utf8))
            let (from, to) = round % 2 == 0 ? (ids[0], ids[1]) : (ids[1], ids[0])
            _ = await engine.put(.id(from), content: [1], key: Array("rests".utf8))
            #expect(try engine.copy(key: "moves") == nil)
            #expect(await engine.put(.id(to), content: [2], key: Array("moves".utf8)).refusal == nil)
            #expect(try engine.copy(key: "moves")?.id == to)
            _ = await engine.put(.id(from), content: [3], key: Array("rests \(round)".utf8))
        }
        isOver.store(true, ordering: .relaxed)
        for reader in readers { reader.join() }
        #expect(missed.load(ordering: .relaxed) == 0)
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect(reads.load(ordering: .relaxed) > 0)
        engine.stop()
    }
}
