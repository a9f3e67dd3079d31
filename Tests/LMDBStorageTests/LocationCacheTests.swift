// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// Cached locations are used as long as the record is there.
@Suite struct LocationCacheTests {
    private let directory = TemporaryDirectory()

    /// Records of all sizes are read again and again while they and others change. A read always returns the last
    /// acknowledged content. Released space is reused, so a location that is trusted for too long would show another
    /// record's bytes.
    @Test func readsNeverUseAnOutdatedLocation() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        defer { engine.stop() }
        var expected: [ArticleID: [UInt8]] = [:]
        let ids = (0..<60).map { _ in ArticleID.generate() }
        var state: UInt64 = 7
        for step in 0..<3000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let id = ids[Int(state >> 33) % ids.count]
            if state >> 20 & 7 == 0 {
                _ = await engine.delete(id)
                expected[id] = nil
            } else if state >> 20 & 7 < 3 {
                let content = [UInt8](repeating: UInt8(truncatingIfNeeded: step), count: Int(state >> 45) % 9000)
                #expect(await engine.put(.id(id), content: content).refusal == nil)
                expected[id] = content
            }
            for id in [id, ids[step % ids.count]] {
                var found: [UInt8]?
                _ = try engine.lend(id: id) { record in
                    found = unsafe record.content.withUnsafeBytes { unsafe Array($0) }
                }
                #expect(found == expected[id], "step \(step)")
            }
        }
    }

    @Test func locationsAreKeptUntilTheRecordIsWritten() throws {
        let heap = try heap()
        let cache = LocationCache(of: heap)
        let stamps = WriteStamps()
        let id = ArticleID.generate()
        let address = unsafe try #require(
            unsafe heap.bytes(HeapLocation(offset: HeapFile.start, count: 0))?.baseAddress)
        #expect(unsafe cache.find(id, stamps) == nil)
        unsafe cache.note(id, address, in: 5)
        #expect(unsafe cache.find(id, stamps) == address)
        #expect(unsafe cache.find(.generate(), stamps) == nil)
        stamps.note(id, in: 10)
        #expect(unsafe cache.find(id, stamps) == nil)
        unsafe cache.note(id, address, in: 10)
        #expect(unsafe cache.find(id, stamps) == address)
        // Outside of the heap, in one of LMDB's pages, a record may move.
        let elsewhere = unsafe try #require(unsafe UnsafeRawPointer(bitPattern: 0x1000))
        unsafe cache.note(id, elsewhere, in: 11)
        #expect(unsafe cache.find(id, stamps) == address)
    }

    @Test func theLatestFourOfAHashAreKept() throws {
        let heap = try heap()
        let cache = LocationCache(of: heap)
        let stamps = WriteStamps()
        let ids = (1...5).map { ArticleID(high: $0, low: $0 ^ 77) }
        func address(_ number: Int) throws -> UnsafeRawPointer {
            unsafe try #require(unsafe heap.bytes(HeapLocation(offset: HeapFile.start, count: 0))?.baseAddress) + 64
                * number
        }
        func isKept(_ number: Int) throws -> Bool { unsafe try cache.find(ids[number], stamps) == address(number) }
        for number in 0..<4 { unsafe cache.note(ids[number], try address(number), in: 5) }
        for number in 0..<4 { #expect(try isKept(number)) }
        // The first one is the latest again, and occurs once.
        unsafe cache.note(ids[0], try address(9), in: 5)
        unsafe cache.note(ids[0], try address(0), in: 5)
        for number in 0..<4 { #expect(try isKept(number)) }
        unsafe cache.note(ids[4], try address(4), in: 5)
        for number in 0..<5 { #expect(try isKept(number) == (number != 1)) }
    }

    private func heap() throws -> HeapFile {
        let (path, hash, disk) = (directory.path + "/heap", KeyedHash(1, 2), SystemDisk())
        try HeapFile.create(path, hash, disk)
        return try HeapFile(path, HeapHead(hash), capacity: 1 << 20, disk)
    }
}

/// Ids come out in order, a few later.
@Suite struct PrefetchQueueTests {
    private let ids = (0..<9).map { ArticleID(high: 1, low: UInt64($0)) }

    @Test func theOldestComesOutWhenThereAreMoreThanAFew() {
        var expected = PrefetchQueue()
        #expect(ids.map { expected.add($0) } == [nil, nil, nil, nil] + ids[..<5].map(Optional.some))
        #expect((0..<5).map { _ in expected.next() } == ids[5...].map(Optional.some) + [nil])
    }

    @Test func whatIsAskedForMeanwhileMakesRoom() {
        var expected = PrefetchQueue()
        for id in ids {
            #expect(expected.add(id) == nil)
            #expect(expected.next() == id)
        }
        #expect(expected.next() == nil)
    }
}
