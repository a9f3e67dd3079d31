// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// A backup is a store as it was at one moment, complete or absent.
@Suite struct BackupTests {
    private let directory = TemporaryDirectory()
    private let elsewhere = TemporaryDirectory()
    private let ids = (0..<80).map { _ in ArticleID.generate() }
    private var target: String { elsewhere.path + "/copy" }

    private func backUp(_ engine: LMDBEngine, to path: String? = nil) async throws -> BackupResult {
        let job = try engine.maintenance.backup(BackupRequest(directory: path ?? target))
        return try #require(try await job.result().result)
    }

    /// Opens a storage on the backup, runs `body`, and verifies the storage.
    private func opened<Result>(_ path: String? = nil, _ body: (LMDBEngine) async throws -> Result) async throws
        -> Result
    {
        let engine = try LMDBEngine(.tests, directory: path ?? target)
        defer { engine.stop() }
        let result = try await body(engine)
        let verdict = try await engine.verified()
        #expect(verdict.damaged == 0, "\(verdict.findings)")
        return result
    }

    /// Not of a backup that failed, and also after a restart.
    @Test func theTimeOfTheLastOneIsKept() async throws {
        do {
            let engine = try LMDBEngine(.tests, directory: directory.path)
            defer { engine.stop() }
            await engine.fill(ids)
            await #expect(throws: ServiceError.self) { try await backUp(engine, to: directory.path) }
            #expect(try engine.statistics().backupEndedAt == 0)
            let result = try await backUp(engine)
            #expect(result.endedAt > 0)
            #expect(try engine.statistics().backupEndedAt == result.endedAt)
        }
        let engine = try LMDBEngine(.tests, directory: directory.path)
        defer { engine.stop() }
        #expect(try engine.statistics().backupEndedAt > 0)
        #expect(try await opened { try $0.statistics().backupEndedAt } == 0)
    }

    @Test func itContainsEverythingUnchanged() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        await engine.fill(ids)
        await engine.fill(Array(ids.prefix(30))) { [UInt8](repeating: 3, count: 9 << UInt32($0 % 12)) }
        for id in ids.suffix(7) { #expect(await engine.delete(id).outcome.isDeleted) }
        let all = try engine.list()
        #expect(all.count == 73)
        let result = try await backUp(engine)
        #expect(result.directory == target)
        #expect(result.records == 73)
        #expect(result.damaged == 0)
        #expect(result.bytes > 0 && result.takenAt > 0 && result.endedAt >= result.takenAt)
        try await opened { copy async throws in
            #expect(try copy.list() == all)
            #expect(try copy.list(["topic:1"]) == engine.list(["topic:1"]))
            for record in all { #expect(try copy.copy(key: record.key) == record) }
            #expect(await copy.put(.id(ids[0]), "new").revision == 3)
        }
        engine.stop()
        var status = stat()
        #expect(unsafe stat(target, &status) == 0 && status.st_mode & 0o777 == 0o700)
        for name in ["articles.mdb", "articles.mdb-records", "articles.mdb-redo0", "lock"] {
            #expect(unsafe stat(target + "/" + name, &status) == 0 && status.st_mode & 0o777 == 0o600, "\(name)")
        }
        #expect(BackupTests.names(elsewhere.path) == ["copy"])
    }

    @Test func anEmptyStore() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        #expect(try await backUp(engine).records == 0)
        engine.stop()
        try await opened { copy async throws in #expect(try copy.list().isEmpty) }
    }

    /// While a writer continues, the backup has everything up to some moment, and nothing later.
    @Test func itIsFromOneMoment() async throws {
        var limits = EngineLimits.tests
        limits.logGroups = 20
        let engine = try LMDBEngine(limits, directory: directory.path)
        let writer = Numbers(engine, ids)
        await writer.step()
        async let written: Void = writer.run()
        for round in 0..<5 {
            let before = writer.acknowledged
            while writer.acknowledged < before + 10 { await Task.yield() }
            let start = writer.acknowledged
            _ = try await backUp(engine, to: target + "\(round)")
            let end = writer.acknowledged
            try await opened(target + "\(round)") { copy async throws in
                let moment = try #require(try writer.moment(copy))
                #expect(start <= moment && moment <= end + 1)
            }
        }
        writer.stop()
        await written
        #expect(try await engine.verified().damaged == 0)
        engine.stop()
    }

    @Test func deletedArticlesTakeNoSpace() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        let many = (0..<1000).map { _ in ArticleID.generate() }
        await engine.fill(many) { _ in [UInt8](repeating: 1, count: 8000) }
        for id in many.dropFirst(20) { _ = await engine.delete(id) }
        _ = try await backUp(engine)
        let heap = "/articles.mdb-records"
        #expect(FileBytes.read(directory.path + heap).count > 8_000_000)
        #expect(FileBytes.read(target + heap).count < 500_000)
        engine.stop()
        try await opened { copy async throws in #expect(try copy.list().count == 20) }
    }

    @Test func aDamagedRecordIsNamedAndTheRestIsThere() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        await engine.fill(ids) { Array("content of \($0).".utf8) }
        try Damage.flip(Array("content of 17.".utf8), in: directory.path + "/articles.mdb-records")
        try Damage.flip(Array("https://bao.vn/\(ids[20])".utf8), in: directory.path + "/articles.mdb-records")
        let result = try await backUp(engine)
        engine.stop()
        #expect(result.findings.map(\.id) == [ids[17], ids[20]])
        #expect(result.damaged == 2)
        #expect(result.records == 78)
        try await opened { copy async throws in #expect(try copy.list().count == 78) }
    }

    @Test func oneThatIsCancelledLeavesNothing() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        await engine.fill(ids)
        let job = try engine.maintenance.backup(BackupRequest(directory: target))
        job.addWatcher()
        job.removeWatcher(mayReturn: false)
        let error = await #expect(throws: ServiceError.self) { try await job.result() }
        #expect(error?.code == .cancelled)
        #expect(BackupTests.names(elsewhere.path) == [])
        // The next one is not affected.
        #expect(try await backUp(engine).records == 80)
        engine.stop()
    }

    @Test func aWatcherThatReturnsFindsTheSameJob() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        await engine.fill(ids)
        let job = try engine.maintenance.backup(BackupRequest(directory: target))
        job.addWatcher()
        job.removeWatcher(mayReturn: true)
        let again = try engine.maintenance.backup(BackupRequest(job: job.number))
        #expect(again === job)
        let result = try await again.result().result
        #expect(result?.records == 80)
        #expect(try engine.maintenance.backup(BackupRequest(job: job.number)) === job, "its result can be had again")
        #expect(throws: ServiceError.self) { try engine.maintenance.backup(BackupRequest(job: job.number + 1)) }
        engine.stop()
    }

    @Test func whereItCannotGo() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        await engine.fill(ids)
        func refusal(_ path: String) async -> ServiceError? {
            do {
                _ = try await backUp(engine, to: path)
                return nil
            } catch { return error as? ServiceError }
        }
        for path in ["copy", "/", elsewhere.path + "/../x"] {
            #expect(await refusal(path)?.code == .invalidArgument, "\(path)")
        }
        #expect(await refusal(directory.path)?.message.contains("not empty") == true)
        #expect(await refusal(elsewhere.path + "/none/copy")?.message.contains("make it") == true)
        // An empty directory is fine, and the leftovers of another attempt are removed.
        #expect(unsafe mkdir(target, 0o700) == 0)
        #expect(unsafe mkdir(elsewhere.path + "/.copy.unfinished", 0o700) == 0)
        FileBytes.write([1], to: elsewhere.path + "/.copy.unfinished/articles.mdb")
        #expect(await refusal(target + "/") == nil)
        #expect(await refusal(target)?.code == .failedPrecondition)
        #expect(BackupTests.names(elsewhere.path) == ["copy"])
        // Without a path, the backup goes below the storage's own directory.
        let result = try await backUp(engine, to: "")
        #expect(result.directory.hasPrefix(directory.path + "/backups/"))
        engine.stop()
        try await opened(result.directory) { copy async throws in #expect(try copy.list().count == 80) }
    }

    private static func names(_ path: String) -> [String] {
        guard let stream = unsafe opendir(path) else { return ["cannot be read"] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
