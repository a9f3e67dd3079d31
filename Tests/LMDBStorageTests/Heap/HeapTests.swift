// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import LinuxRuntime
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// The heap, next to an index that refers to it.
@Suite struct HeapTests {
    private let directory = TemporaryDirectory()
    private var heap: String { directory.path + "/articles.mdb-records" }

    /// Its space is given to no other record while it is being read, however often the record is replaced.
    @Test func whatIsBeingReadStays() throws {
        var limits = EngineLimits.tests
        limits.logGroups = 3
        let engine = try LMDBEngine(limits, directory: directory.path)
        defer { engine.stop() }
        let (id, other) = (ArticleID.generate(), ArticleID.generate())
        func put(_ id: ArticleID, _ byte: UInt8) {
            let isDone = Semaphore()
            engine.put(.id(id), content: [UInt8](repeating: byte, count: 3000)) { _ in isDone.signal() }
            isDone.wait()
        }
        put(id, 1)
        put(other, 2)
        for isNested in [false, true] {
            func read(_ body: () -> Void) throws {
                _ = try engine.lend(id: id) { record in
                    let before = unsafe record.content.withUnsafeBytes { unsafe [UInt8]($0) }
                    body()
                    let after = unsafe record.content.withUnsafeBytes { unsafe [UInt8]($0) }
                    #expect(before == after)
                }
            }
            func replace() { for round in 0..<60 { put(round % 2 == 0 ? id : other, UInt8(round)) } }
            if isNested {
                // The inner read's snapshot is newer than the outer one's, and older than the writes that follow.
                var error: (any Error)?
                try read {
                    put(id, 200)
                    do { try read(replace) } catch let caught { error = caught }
                }
                #expect(error == nil)
            } else {
                try read(replace)
            }
        }
        // No reader is left: released space is reused.
        for round in 0..<20 { put(id, UInt8(round)) }
        let size = FileBytes.read(heap).count
        for round in 0..<100 { put(id, UInt8(round)) }
        #expect(FileBytes.read(heap).count == size)
    }

    /// After a recovery, only existing records have space and index entries.
    @Test(arguments: 0..<8 as Range<UInt64>) func aRecoveryLeavesNothingBehind(seed: UInt64) async throws {
        var run = ModelRun(seed: seed)
        try await PowerLossTests.killed(&run, steps: 60).write(to: directory.path)
        try run.verify(directory.path, "seed \(seed)")
        let environment = try LMDBEnvironment.forTests(directory.path)
        defer { environment.close() }
        let (used, entries, expected) = try unsafe WriteTransaction.run(environment.handle, environment.path) {
            transaction throws(ServiceError) in
            var expected = (used: 0, entries: 0)
            for id in ModelRun.ids {
                _ = try unsafe transaction.lend(id.bytes, environment.records) { value throws(ServiceError) in
                    let record = try unsafe RecordView(id, value, in: environment)
                    expected.used += unsafe HeapLocation(value)?.extent ?? 0
                    expected.entries +=
                        unsafe RecordEntries.of(
                            id, key: record.key, time: record.header.time, terms: record.terms, environment.hash
                        ).count
                }
            }
            let space = try HeapSpace(transaction, environment.space, environment.path)
            return (space.used, try transaction.count(environment.index), expected)
        }
        #expect(used == expected.used)
        #expect(entries == expected.entries)
    }

    @Test func theWrongFileIsRefusedAndLeftAlone() async throws {
        let whole = try await Self.filled(directory.path, 20)
        let elsewhere = TemporaryDirectory()
        let other = try await Self.filled(elsewhere.path, 20)
        try HeapFile.create(elsewhere.path + "/new", KeyedHash(1, 2), SystemDisk())
        var damaged = whole.heap
        (damaged[30], damaged[512 + 30]) = (damaged[30] ^ 1, damaged[512 + 30] ^ 1)
        var newer = whole.heap
        var head = Array(newer[..<128])
        head[8] = 9
        head.set(UInt32(0), at: 12)
        head.set(CRC32C.checksum(head), at: 12)
        newer.replaceSubrange(..<128, with: head)
        let later = try await Self.filled(directory.path, 1)
        let cases: [(String, [UInt8], String)] = [
            ("missing", [], "missing"), ("another storage's", other.heap, "another storage"),
            ("another's, and new", FileBytes.read(elsewhere.path + "/new"), "older"),
            ("cut off", Array(whole.heap.prefix(10_000)), "bytes"),
            ("cut in the head", Array(whole.heap.prefix(100)), "begin"),
            ("damaged", damaged, "damaged"), ("of a newer articled", newer, "format 9"),
            ("something else", Array("text".utf8) + whole.heap, "begin"),
        ]
        for (name, heap, reason) in cases {
            for image in [whole, whole.without(.log0, .log1)] {
                var image = image
                image.heap = heap
                let error = Self.refusal(image)
                #expect(error?.code == .dataLoss || error?.code == .failedPrecondition, "\(name)")
                #expect(error?.message.contains(reason) == true, "\(name): \(error?.message ?? "opened")")
            }
        }
        // A later heap has everything that the index refers to, and more: the index is rebuilt.
        #expect(Self.refusal(whole.with([.heap], from: later)) == nil)
        #expect(Self.refusal(whole) == nil)
    }

    /// The files of a storage that was stopped after `count` more writes.
    private static func filled(_ path: String, _ count: Int) async throws -> StorageImage {
        let engine = try LMDBEngine(.tests, directory: path)
        for _ in 0..<count { _ = await engine.put(.id(.generate()), content: [UInt8](repeating: 7, count: 1000)) }
        engine.stop()
        return StorageImage(of: path)
    }

    /// Why a start refuses these files, which it must not change.
    private static func refusal(_ image: StorageImage) -> ServiceError? {
        let directory = TemporaryDirectory()
        image.write(to: directory.path)
        do {
            try LMDBEngine(.tests, directory: directory.path).stop()
            return nil
        } catch {
            #expect(StorageImage(of: directory.path) == image)
            #expect(error.message.contains(directory.path))
            return error
        }
    }
}
