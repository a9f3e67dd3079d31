import ArticleProtocol
import HandlerKit
import Testing

@testable import LMDBStorage

/// Records are found where they were found before, for as long as they are there.
@Suite struct RecordPlacesTests {
    private let directory = TemporaryDirectory()

    /// Records small and large are read again and again while they and others change: what is read is always the last
    /// that was acknowledged. Pages that changed records leave are used again by later ones, so a place that was
    /// trusted for too long shows another record's bytes.
    @Test func readsAreNeverOfAFormerPlace() async throws {
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
                _ = try engine.read(id: id) { record in
                    found = unsafe record.content.withUnsafeBytes { unsafe Array($0) }
                }
                #expect(found == expected[id], "step \(step)")
            }
        }
    }

    @Test func placesAreKeptUntilTheRecordIsChanged() throws {
        let heap = try heap()
        let places = RecordPlaces(of: heap)
        let changes = ChangeStamps()
        let id = ArticleID.generate()
        let place = unsafe try #require(unsafe heap.bytes(HeapLocation(offset: HeapFile.start, count: 0))?.baseAddress)
        #expect(unsafe places.find(id, changes) == nil)
        unsafe places.note(id, place, in: 5)
        #expect(unsafe places.find(id, changes) == place)
        #expect(unsafe places.find(.generate(), changes) == nil)
        changes.note(id, in: 10)
        #expect(unsafe places.find(id, changes) == nil)
        unsafe places.note(id, place, in: 10)
        #expect(unsafe places.find(id, changes) == place)
        // Somewhere else, such as in a page with others, it may move with them.
        let elsewhere = unsafe try #require(unsafe UnsafeRawPointer(bitPattern: 0x1000))
        unsafe places.note(id, elsewhere, in: 11)
        #expect(unsafe places.find(id, changes) == place)
    }

    @Test func theLatestFourOfAHashAreKept() throws {
        let heap = try heap()
        let places = RecordPlaces(of: heap)
        let changes = ChangeStamps()
        let ids = (1...5).map { ArticleID(high: $0, low: $0 ^ 77) }
        func place(_ number: Int) throws -> UnsafeRawPointer {
            unsafe try #require(unsafe heap.bytes(HeapLocation(offset: HeapFile.start, count: 0))?.baseAddress) + 64
                * number
        }
        func isKept(_ number: Int) throws -> Bool { unsafe try places.find(ids[number], changes) == place(number) }
        for number in 0..<4 { unsafe places.note(ids[number], try place(number), in: 5) }
        for number in 0..<4 { #expect(try isKept(number)) }
        // The first is the latest again, and stands there once.
        unsafe places.note(ids[0], try place(9), in: 5)
        unsafe places.note(ids[0], try place(0), in: 5)
        for number in 0..<4 { #expect(try isKept(number)) }
        unsafe places.note(ids[4], try place(4), in: 5)
        for number in 0..<5 { #expect(try isKept(number) == (number != 1)) }
    }

    private func heap() throws -> HeapFile {
        let (path, hash, disk) = (directory.path + "/heap", KeyedHash(1, 2), SystemDisk())
        try HeapFile.create(path, hash, disk)
        return try HeapFile(path, HeapHead(hash), capacity: 1 << 20, disk)
    }
}

/// What is expected comes out again in its order, a few later.
@Suite struct ExpectedRecordsTests {
    private let ids = (0..<9).map { ArticleID(high: 1, low: UInt64($0)) }

    @Test func theOldestComesOutWhenThereAreMoreThanAFew() {
        var expected = ExpectedRecords()
        #expect(ids.map { expected.add($0) } == [nil, nil, nil, nil] + ids[..<5].map(Optional.some))
        #expect((0..<5).map { _ in expected.next() } == ids[5...].map(Optional.some) + [nil])
    }

    @Test func whatIsAskedForMeanwhileMakesRoom() {
        var expected = ExpectedRecords()
        for id in ids {
            #expect(expected.add(id) == nil)
            #expect(expected.next() == id)
        }
        #expect(expected.next() == nil)
    }
}
