// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import LinuxRuntime
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// A verification finds and names what is wrong, and nothing else.
@Suite struct VerificationTests {
    private let directory = TemporaryDirectory()
    private var heap: String { directory.path + "/articles.mdb-records" }
    private let ids = (0..<60).map { _ in ArticleID.generate() }

    private func verify(_ damage: (() throws -> Void)? = nil) async throws -> VerifyResult {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        defer { engine.stop() }
        try damage?()
        return try await engine.verified()
    }

    private func fill(_ content: @Sendable (Int) -> [UInt8] = { Array("content of \($0).".utf8) }) async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        await engine.fill(ids, content)
        engine.stop()
    }

    @Test func aSoundStoreHasNoFindings() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        await engine.fill(ids)
        await engine.fill(Array(ids.prefix(20))) { [UInt8](repeating: 3, count: 2000 + $0) }
        for id in ids.suffix(5) { #expect(await engine.delete(id).outcome.isDeleted) }
        let result = try await engine.verified()
        #expect(result.damaged == 0 && result.findings == [])
        #expect(result.records == 55)
        #expect(result.indexEntries == 55 * 4)
        #expect(result.bytes > 55 * 900)
        #expect(try engine.statistics().scrub.records == 55)
        #expect(engine.health.state == .healthy)
        engine.stop()
    }

    /// However long the pages take: many more writes are acknowledged meanwhile than fit into the log.
    @Test(.timeLimit(.minutes(2))) func writersDoNotWaitForTheComparisonOfPages() async throws {
        let disk = SimulatedDisk(directory.path)
        let engine = try LMDBEngine(ModelRun.limits, directory: directory.path, disk: disk)
        for id in ids.prefix(2) { _ = await engine.put(.id(id), "before") }
        engine.commitPending()
        disk.state.withLock { $0.holdsNextRead = true }
        async let result = engine.verified()
        while !disk.isReading.wait(nanoseconds: 0) { try await Task.sleep(for: .milliseconds(5)) }
        for round in 0..<20 {
            for id in ids { #expect(await engine.put(.id(id), "\(id), \(round)").refusal == nil) }
        }
        disk.mayRead.signal()
        #expect(try await result.damaged == 0)
        engine.stop()
    }

    @Test func anEmptyStoreIsSound() async throws {
        #expect(try await verify().damaged == 0)
    }

    /// A call that must return before the work has begun gives its client the number to go on with.
    @Test(.timeLimit(.minutes(1))) func aWatcherKnowsTheJobBeforeItBegins() async throws {
        let job = Job(7, VerifyProgress(job: 7, phase: "records"))
        guard case (.progress(let first), let version)? = await job.nextUpdate(after: 0) else {
            Issue.record("no progress came first")
            return
        }
        #expect(first.job == 7 && first.result == nil)
        job.end(.success(VerifyProgress(job: 7, result: VerifyResult())))
        guard case (.done(let last), _)? = await job.nextUpdate(after: version) else {
            Issue.record("the end did not come")
            return
        }
        #expect(last.result != nil)
    }

    @Test func aDamagedRecordIsNamed() async throws {
        try await fill()
        let text = Array("content of 17.".utf8)
        let result = try await verify { try Damage.flip(text, at: 3, in: heap) }
        #expect(result.damaged == 1)
        let finding = try #require(result.findings.first)
        #expect(finding.id == ids[17])
        #expect(finding.file == heap)
        let start = FileBytes.read(heap)[Int(finding.offset)...]
        #expect(start.prefix(400).firstRange(of: Array("\(ids[17])".utf8)) != nil, "its key lies behind the offset")
        #expect(finding.problem.contains("content"))
    }

    @Test func aDamagedHeaderIsNamed() async throws {
        try await fill()
        let key = Array("https://bao.vn/\(ids[40])".utf8)
        let result = try await verify { try Damage.flip(key, at: 9, in: heap) }
        #expect(result.findings.map(\.id) == [ids[40]])
        #expect(result.findings.first?.problem.contains("header") == true)
    }

    /// The finding stays in the health until a later check is clean, even across a restart.
    @Test func damageIsInTheHealthUntilItIsRepaired() async throws {
        try await fill()
        let text = Array("content of 17.".utf8)
        #expect(try await verify { try Damage.flip(text, in: heap) }.damaged == 1)
        let engine = try LMDBEngine(.tests, directory: directory.path)
        #expect(engine.health.state == .degraded)
        #expect(try engine.statistics().scrub.damaged == 1)
        try Damage.flip([text[0] ^ 4] + text[1...], in: heap)
        #expect(try await engine.verified().damaged == 0)
        #expect(engine.health.state == .healthy)
        engine.stop()
    }

    @Test(arguments: 0..<4) func aMissingEntryIsFound(which: Int) async throws {
        try await fill()
        let id = ids[8]
        let places = ["list of all", "URL", "terms", "terms"]
        try Damage.tables(directory.path) { transaction, environment throws(ServiceError) in
            try transaction.remove(entries(of: 8, environment)[which], environment)
        }
        let result = try await verify()
        #expect(result.findings.map(\.id) == [id])
        #expect(result.findings.first?.problem.contains(places[which]) == true)
    }

    @Test func entriesThatLeadNowhereAreFound() async throws {
        try await fill()
        let nobody = ArticleID.generate()
        try Damage.tables(directory.path) { transaction, environment throws(ServiceError) in
            let entry = try entries(of: 8, environment)[0]
            try transaction.put(IndexEntry(list: entry.list, time: entry.time, id: nobody), environment)
            try transaction.put(IndexEntry(list: entry.list, time: entry.time + 1, id: ids[8]), environment)
            try transaction.put(IndexEntry(list: 12345, time: entry.time, id: ids[9]), environment)
        }
        let result = try await verify()
        #expect(Set(result.findings.compactMap(\.id)) == [nobody, ids[8], ids[9]])
        #expect(result.damaged == 3)
    }

    @Test func oneKeyOfTwoRecordsIsFound() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        _ = await engine.put(.id(ids[0]), "a", key: "https://a.vn/1")
        engine.stop()
        let elsewhere = TemporaryDirectory()
        let other = try LMDBEngine(.tests, directory: elsewhere.path)
        _ = await other.put(.id(ids[1]), "b", key: "https://a.vn/1")
        other.stop()
        var record: [UInt8] = []
        try Damage.tables(elsewhere.path) { transaction, environment throws(ServiceError) in
            _ = try unsafe ids[1].withKey { key throws(ServiceError) in
                try unsafe transaction.lend(key, environment.records) { value in
                    unsafe record = environment.record(value).map { unsafe [UInt8]($0) } ?? []
                }
            }
        }
        try Damage.tables(directory.path) { transaction, environment throws(ServiceError) in
            var writer = try HeapWriter(environment, transaction, reusable: 0)
            let (location, stamp) = try writer.take(ids[1], record.count, transaction)
            unsafe record.withUnsafeMutableBytes { unsafe stamp.apply(to: $0) }
            try unsafe record.lend { bytes throws(ServiceError) in
                try unsafe writer.put(ids[1], bytes, at: location, atEnd: false, transaction)
                try writer.finish(transaction)
                let view = try unsafe RecordView(ids[1], record: bytes, in: environment)
                let entries = unsafe RecordEntries.of(
                    ids[1], key: view.key, time: view.header.time, terms: view.terms, environment.hash)
                try transaction.index(entries, insteadOf: [], environment.index)
                try transaction.add(ChangeEntry(stamp.sequence, ids[1]), environment)
            }
        }
        let result = try await verify()
        #expect(result.damaged == 1)
        #expect(result.findings.first?.problem.contains("also that of the article") == true)
    }

    @Test func spaceThatIsGivenTwiceIsFound() async throws {
        try await fill()
        try Damage.tables(directory.path) { transaction, environment throws(ServiceError) in
            let place = try unsafe ids[30].withKey { key throws(ServiceError) in
                try unsafe transaction.lend(key, environment.records) { unsafe HeapLocation($0) } ?? nil
            }
            guard let place else { throw ServiceError(.notFound, "no place") }
            let extent = Extent(offset: place.offset, size: place.extent)
            try transaction.put(HeapKey.free(extent), [], environment.space)
            try transaction.put(HeapKey.freeAt(extent.offset), extent.encodedSize, environment.space)
        }
        let result = try await verify()
        #expect(result.findings.contains { $0.problem.contains("marked free has an article") })
        #expect(result.findings.contains { $0.problem.contains("but the total says") })
    }

    /// Writes during the check are not findings.
    @Test func concurrentWritesAreNotFindings() async throws {
        var limits = EngineLimits.tests
        limits.logGroups = 20
        let engine = try LMDBEngine(limits, directory: directory.path)
        await engine.fill(ids)
        let writer = Writer(engine, ids)
        async let written: Void = writer.run()
        var found: UInt64 = 0
        for _ in 0..<40 { found += try await engine.verified().damaged }
        writer.stop()
        await written
        #expect(found == 0)
        engine.stop()
    }

    /// Kills, recoveries and checkpoints leave nothing behind that a check would find.
    @Test(arguments: 0..<12 as Range<UInt64>) func aRecoveredStoreIsSound(seed: UInt64) async throws {
        var run = ModelRun(seed: seed)
        try await PowerLossTests.killed(&run, steps: 60).write(to: directory.path)
        let result = try await verify()
        #expect(result.damaged == 0, "\(result.findings)")
    }

    @Test func aStopEndsIt() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        await engine.fill(ids)
        engine.drain()
        #expect(throws: ServiceError.self) { try engine.maintenance.verification(VerifyRequest()) }
        engine.stop()
    }

    /// The list of all articles, the key, and both terms.
    private func entries(of number: Int, _ environment: LMDBEnvironment) throws(ServiceError) -> [IndexEntry] {
        let id = ids[number]
        let time = IndexEntry.sortable(Int64(number % 7))
        func list(_ term: String) -> UInt64 {
            unsafe Array(term.utf8).lend { unsafe IndexEntry.list(term: $0, environment.hash) }
        }
        let key = unsafe Array("https://bao.vn/\(id)".utf8).lend { unsafe IndexEntry.list(key: $0, environment.hash) }
        return [
            IndexEntry(list: IndexEntry.all, time: time, id: id), IndexEntry(list: key, time: 0, id: id),
            IndexEntry(list: list("topic:\(number % 3)"), time: time, id: id),
            IndexEntry(list: list("source:bao"), time: time, id: id),
        ]
    }
}
