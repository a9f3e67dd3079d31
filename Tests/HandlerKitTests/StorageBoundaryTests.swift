// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Synchronization
import Testing

@testable import HandlerKit

/// An engine behind the C header: values cross the boundary unchanged, in both directions.
@Suite struct StorageBoundaryTests {
    let engine: TestPlugin
    let storage: any ArticleStorage

    init() throws {
        engine = try unsafe TestPlugin(exportEngine(MemoryEngine.self))
        // Keeper receives the storage like any handler.
        let keeper = "\(ArticleID.generate())"
        _ = try unsafe TestPlugin(
            exportPlugin(Keeper.self), configuration: #"{"name": "\#(keeper)"}"#, storage: engine)
        storage = try #require(Keeper.kept(keeper))
    }

    private func put(
        _ id: ArticleID, _ text: String, key: String = "", expected: UInt64? = nil, time: Int64? = nil,
        terms: [String] = []
    ) async -> WriteResult {
        var list = TermList()
        for term in terms { unsafe list.append("", Array(term.utf8).span.bytes) }
        let (content, key) = (Array(text.utf8), Array(key.utf8))
        return await withCheckedContinuation { continuation in
            storage.write(
                unsafe StorageWrite(
                    put: .id(id), key: key.span.bytes, expectedRevision: expected, time: time,
                    content: content.span.bytes, contentChecksum: 7, terms: list)
            ) { continuation.resume(returning: $0) }
        }
    }

    /// An engine that reports a nonsensical text size fails its call, but does not crash the process.
    @Test(arguments: [Int.min, -1, 0, 3, 600, .max]) func aFailuresTextOfAnySize(size: Int) {
        let error = #expect(throws: ServiceError.self) {
            try unsafe articled_failure.check { failure in
                unsafe failure.pointee.set(13, "abc")
                unsafe failure.pointee.message_size = size
                return 13
            }
        }
        #expect(error?.code == .internal)
        #expect(error?.message.hasPrefix(size > 0 ? "abc" : "") == true)
    }

    @Test func anUnknownOutcomeStaysOne() async throws {
        let id = ArticleID.generate()
        MemoryEngine.doubtful.withLock { _ = $0.insert(id) }
        var refusal: ServiceError?
        if case .refused(let error) = await put(id, "a").outcome { refusal = error }
        #expect(refusal == ServiceError(.outcomeUnknown, "the disk failed"))
    }

    @Test func prefetchReachesTheEngine() {
        let ids = (0..<3).map { _ in ArticleID.generate() }
        for id in ids { storage.prefetch(id: id) }
        #expect(MemoryEngine.prefetched.withLock { $0.filter(ids.contains) } == ids)
    }

    @Test func prefetchIsSkippedForAnEngineWithoutIt() throws {
        let table = unsafe try #require(unsafe engine.descriptor.pointee.storage)
        var older = unsafe table.pointee
        unsafe older.expect = nil
        let id = ArticleID.generate()
        unsafe try withUnsafePointer(to: &older) { older in
            let storage = unsafe try InjectedStorage(older, engine: engine.instance)
            storage.prefetch(id: id)
            #expect(try storage.lend(id: id) { _ in } == .missing)
        }
        #expect(!MemoryEngine.prefetched.withLock { $0.contains(id) })
    }

    @Test func aRecordAsItWasWritten() async throws {
        let id = ArticleID.generate()
        let result = await put(id, "nội dung", key: "https://a", time: -5, terms: ["t:a", "t:a", "s:b"])
        #expect(result.id == id)
        #expect(result.revision == 1)
        var reads = 0
        func check(_ record: borrowing StoredRecord) {
            reads += 1
            #expect(record.id == id)
            #expect(record.revision == 1)
            #expect(record.createdAt == result.createdAt)
            #expect(record.storedAt == result.storedAt)
            #expect(record.time == -5)
            #expect(record.contentChecksum == 7)
            #expect(unsafe record.content.withUnsafeBytes { unsafe Array($0) } == Array("nội dung".utf8))
            #expect(unsafe record.key.withUnsafeBytes { unsafe Array($0) } == Array("https://a".utf8))
        }
        #expect(try storage.lend(id: id, check) == .found)
        #expect(try unsafe storage.lend(key: Array("https://a".utf8).span.bytes, check) == .found)
        var sizer = Sizer()
        #expect(try storage.lend(id: id, into: &sizer) == .found)
        #expect(sizer.size == 10)
        #expect(reads == 2)
        #expect(try storage.lend(id: .generate(), check) == .missing)
        #expect(try unsafe storage.lend(key: Array("https://b".utf8).span.bytes, into: &sizer) == .missing)
        #expect(reads == 2)
    }

    @Test func scansWithAllMembersOfAQuery() async throws {
        var ids: [ArticleID] = []
        for time in 0..<10 {
            let id = ArticleID.generate()
            _ = await put(id, "\(time)", time: Int64(time / 2), terms: time % 3 == 0 ? ["x", "y"] : ["x"])
            ids.append(id)
        }
        var query = StorageQuery(from: 1, until: 4)
        #expect(try scan(query) == ["7", "6", "5", "4", "3", "2"])
        query.after = StorageQuery.Position(time: 3, id: ids[6])
        #expect(try scan(query) == ["5", "4", "3", "2"])
        query.limit = 3
        #expect(try scan(query) == ["5", "4", "3"])
        query.terms.append("x", RawSpan())
        query.terms.append("y", RawSpan())
        #expect(try scan(query) == ["3"])
        #expect(try scan(StorageQuery(), most: 2) == ["9", "8"])
    }

    private func scan(_ query: StorageQuery, most: Int = .max) throws -> [String] {
        var texts: [String] = []
        _ = try storage.lend(query) { record in
            texts.append(unsafe record.content.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) })
            return texts.count < most
        }
        return texts
    }

    @Test func tooManyTermsAreRefusedOnTheOtherSide() async {
        var query = StorageQuery()
        for index in 0...StorageQuery.termLimit { unsafe query.terms.append("", [UInt8(index)].span.bytes) }
        await expectFailure(.invalidArgument) { _ = try storage.lend(query) { _ in true } }
    }

    @Test func refusalsKeepTheirCodeTextAndRevision() async throws {
        let id = ArticleID.generate()
        _ = await put(id, "a", key: "https://a")
        let conflict = await put(id, "b", expected: 4)
        #expect(conflict.revision == 1)
        guard case .refused(let error) = conflict.outcome else {
            Issue.record("\(conflict)")
            return
        }
        #expect(error == ServiceError(.conflict, "at revision 1"))
        let other = await put(.generate(), "b", key: "https://a")
        guard case .refused(let error) = other.outcome else {
            Issue.record("\(other)")
            return
        }
        #expect(error.code == .alreadyExists)
        #expect(other.id == id)
        let deleted = await storage.write(StorageWrite(delete: id, expectedRevision: 1))
        guard case .deleted = deleted.outcome else {
            Issue.record("\(deleted)")
            return
        }
        #expect(try storage.statistics() == StorageStatistics(usedBytes: 1, fileBytes: 2, transactions: 3, writes: 1))
    }
}

/// Remembers a record's size.
private struct Sizer: RecordReader, ~Copyable {
    var size = 0
    mutating func read(_ record: borrowing StoredRecord) { size = record.content.byteCount }
}

/// Passes the storage that it receives to the test that started it.
private struct Keeper: Handler {
    static let descriptor = PluginDescriptor(
        name: "keeper", version: "1",
        methods: [Method("test.keep", request: "Bytes", response: "Bytes", role: .read)], needsStorage: true)

    private static let all = Mutex<[String: any ArticleStorage]>([:])

    static func kept(_ name: String) -> (any ArticleStorage)? { all.withLock { $0[name] } }

    init(context: PluginContext) throws {
        struct Settings: Decodable {
            var name: String
            enum CodingKeys: String, CodingKey, CaseIterable { case name }
        }
        let name = try context.configuration.decode(Settings.self, keys: Settings.CodingKeys.self).name
        let storage = try context.storage
        Self.all.withLock { $0[name] = storage }
    }
}
