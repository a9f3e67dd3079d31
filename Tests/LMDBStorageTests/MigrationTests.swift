// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// The storage of an earlier version is converted completely.
@Suite struct MigrationTests {
    private let directory = TemporaryDirectory()

    @Test(arguments: [1, 2, 3] as [UInt8]) func anEarlierFormatIsConverted(format: UInt8) async throws {
        var run = ModelRun(seed: UInt64(format))
        let storage = try LMDBEngine(ModelRun.limits, directory: directory.path)
        for _ in 0..<60 { try await run.step(storage) }
        storage.stop()
        let legacy = TemporaryDirectory()
        try Self.makeLegacy(of: directory.path, in: legacy.path, format)
        try run.verify(legacy.path, "taken over from format \(format)")
        try run.verify(legacy.path, "again")
        #expect(try HeapHead.read(legacy.path + "/articles.mdb-records") != .legacy)
    }

    /// A damaged article stays damaged, and is named. Everything else is there.
    @Test func aDamagedArticleIsNamed() async throws {
        let ids = (0..<5).map { _ in ArticleID.generate() }
        let storage = try LMDBEngine(.tests, directory: directory.path)
        for id in ids { _ = await storage.put(.id(id), "text", key: "\(id)") }
        storage.stop()
        let legacy = TemporaryDirectory()
        try Self.makeLegacy(of: directory.path, in: legacy.path, 3, damaging: ids[2])
        let again = try LMDBEngine(.tests, directory: legacy.path)
        defer { again.stop() }
        for id in ids where id != ids[2] { #expect(try again.copy(key: "\(id)")?.content == Array("text".utf8)) }
        let error = #expect(throws: ServiceError.self) { try again.copy(ids[2]) }
        #expect(error?.code == .dataLoss)
        #expect(Set(try again.list().map(\.id)) == Set(ids))
    }

    /// If it was not closed, its log has writes that only the earlier version can read.
    @Test func oneThatWasNotClosedIsRefused() async throws {
        let storage = try LMDBEngine(.tests, directory: directory.path)
        _ = await storage.put(.id(.generate()), "text")
        storage.stop()
        let legacy = TemporaryDirectory()
        try Self.makeLegacy(of: directory.path, in: legacy.path, 3)
        let mark = FileMark(session: .new(), generation: 0, checkpoint: 1)
        try mark.write(to: SystemFile(legacy.path + "/articles.mdb"), pageSize: Int(getpagesize()))
        let error = #expect(throws: ServiceError.self) {
            try LMDBEngine(.tests, directory: legacy.path).stop()
        }
        #expect(error?.code == .failedPrecondition && error?.message.contains("older one") == true)
    }

    /// Writes the records of a store as an earlier version would have.
    private static func makeLegacy(
        of path: String, in directory: String, _ format: UInt8, damaging damaged: ArticleID? = nil
    ) throws {
        let source = try LMDBEnvironment.forTests(path)
        defer { source.close() }
        let target = try LMDBEnvironment.forTests(directory)
        var heap = [UInt8](repeating: 0, count: 64)
        heap.replaceSubrange(..<8, with: Array("RTCLHEAP".utf8))
        heap[8] = 1
        var records: [(ArticleID, [UInt8])] = []
        try unsafe WriteTransaction.run(source.handle, source.path) { transaction throws(ServiceError) in
            let cursor = try transaction.cursor(source.records)
            func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
                guard let id = unsafe ArticleID(bytes: RawSpan(_unsafeBytes: key)),
                    let record = unsafe source.record(value)
                else { return }
                records.append((id, legacy(id, unsafe [UInt8](record))))
            }
            var isFound = try unsafe cursor.move(.first, take) != nil
            while isFound { isFound = try unsafe cursor.move(.next, take) != nil }
        }
        try unsafe WriteTransaction.run(target.handle, target.path) { transaction throws(ServiceError) in
            for (id, record) in records {
                var record = record
                if id == damaged { record[20] ^= 1 }
                var value = record
                if format == 3 {
                    value = [UInt8](repeating: 0, count: HeapLocation.size)
                    value.set(UInt64(heap.count), at: 0)
                    value.set(UInt32(record.count), at: 8)
                    heap += record + [UInt8](repeating: 0, count: (64 - record.count % 64) % 64)
                }
                try transaction.put(id.bytes, value, target.records)
            }
        }
        target.close()
        var database = FileBytes.read(directory + "/articles.mdb")
        let magic = Array("RTCLDDB1".utf8)
        for offset in 0..<database.count - 12 where database[offset] == magic[0] {
            if Array(database[offset..<offset + 8]) == magic { database[offset + 8] = format }
        }
        FileBytes.write(database, to: directory + "/articles.mdb")
        if format == 3 {
            FileBytes.write(heap, to: directory + "/articles.mdb-records")
        } else {
            unsafe unlink(directory + "/articles.mdb-records")
        }
    }

    private static func legacy(_ id: ArticleID, _ record: [UInt8]) -> [UInt8] {
        guard let header = unsafe record.lend({ unsafe RecordHeader(decoding: $0) }) else { return [] }
        var bytes = Array(record[..<56])
        bytes.set(UInt16(1), at: 4)
        bytes.set(UInt32(0), at: 52)
        bytes += record[RecordHeader.size...]
        let start = CRC32C.checksum(id.bytes)
        let covered = Array(bytes[4..<56 + Int(header.keySize) + Int(header.termsSize)])
        bytes.set(unsafe covered.lend { unsafe CRC32C.checksum($0, continuing: start) }, at: 0)
        return bytes
    }
}
