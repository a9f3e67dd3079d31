// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Synchronization
import Testing

@testable import ClassifyHandler

/// classify.article stores topics only for the revision that it read.
@Suite struct WriteBackTests {
    private let storage = ContestedStorage()
    private let id = ArticleID.generate()
    private let sport = Article(title: "Bóng đá", body: "Cầu thủ ghi bàn thắng ở phút cuối trận đấu.")
    private let business = Article(title: "Giá vàng", body: "Ngân hàng giảm lãi suất cho doanh nghiệp.")
    private var key: ArticleKey { ArticleKey(id: id) }
    private var request: ClassifyArticleRequest { ClassifyArticleRequest(key: key, writeBack: true) }

    private func put(_ article: Article) throws {
        var article = article
        article.id = id
        try storage.put(article: article.encoded().rawSpan) { _ in }
    }

    private func plugin() throws -> Classify {
        let sample = try Sample()
        let configuration = PluginConfiguration(json: Array("{model: '\(sample.path)', threshold: 0}".utf8))
        return try Classify(context: PluginContext(configuration: configuration, storage: storage))
    }

    private func stored() throws -> (revision: UInt64, article: Article) {
        let record = try #require(storage.record(id))
        return (record.revision, try Article(decoding: record.content))
    }

    @Test func afterAConflictTheNewerTextIsClassified() async throws {
        try put(sport)
        let plugin = try plugin()
        defer { plugin.stop() }
        // Between reading and writing, the newsroom stores another text.
        let isChanged = Atomic(false)
        storage.contest { if !isChanged.exchange(true, ordering: .relaxed) { try? put(business) } }
        let result = try await plugin.classifyArticle(key, request) { nil }
        #expect(result.classification?.topics.first?.slug == "kinh-doanh")
        #expect(result.stored?.revision == 3)
        let (revision, article) = try stored()
        #expect(revision == 3)
        #expect(article.title == business.title && article.topics.first?.slug == "kinh-doanh")
    }

    @Test func itGivesUpAfterRepeatedConflicts() async throws {
        try put(sport)
        let plugin = try plugin()
        defer { plugin.stop() }
        let changes = Atomic(0)
        storage.contest {
            let change = changes.add(1, ordering: .relaxed).newValue
            try? put(Article(title: "Bóng đá \(change)", body: sport.body))
        }
        let error = await #expect(throws: ServiceError.self) {
            try await plugin.classifyArticle(key, request) { nil }
        }
        #expect(error?.code == .conflict)
        let (revision, article) = try stored()
        let count = changes.load(ordering: .relaxed)
        #expect(count > 1 && revision == UInt64(count) + 1)
        #expect(article.title == "Bóng đá \(count)" && article.topics.isEmpty)
    }

    @Test func aCancelledRequestWritesNothing() async throws {
        try put(sport)
        let plugin = try plugin()
        defer { plugin.stop() }
        let error = await #expect(throws: ServiceError.self) {
            try await plugin.classifyArticle(key, request) { ServiceError(.cancelled, "the client went away") }
        }
        #expect(error?.code == .cancelled)
        #expect(try stored().revision == 1)
    }
}

/// A storage in memory. Others write just before each write that expects a revision.
private final class ContestedStorage: ArticleStorage {
    struct Record: Sendable {
        let revision: UInt64
        let content: [UInt8]
        let checksum: UInt32
    }

    private let records = Mutex<[ArticleID: Record]>([:])
    private let contest = Mutex<(@Sendable () -> Void)?>(nil)

    func contest(_ others: @escaping @Sendable () -> Void) { contest.withLock { $0 = others } }

    func record(_ id: ArticleID) -> Record? { records.withLock { $0[id] } }

    func lend(id: ArticleID, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent {
        guard let record = record(id) else { return .missing }
        body(
            unsafe StoredRecord(
                id: id, revision: record.revision, createdAt: 0, storedAt: 0, time: 0,
                contentChecksum: record.checksum, content: record.content.span.bytes, key: RawSpan()))
        return .found
    }

    func lend(key: RawSpan, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent { .missing }

    func lend(
        _ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool
    ) throws(ServiceError) -> Lent { .found }

    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        guard case .id(let id) = write.target else {
            return completion(WriteResult(.refused(ServiceError(.internal, "no id")), id: .generate()))
        }
        let expected = write.expectedRevision
        if expected != nil { contest.withLock { $0 }?() }
        let content = unsafe write.content.withUnsafeBytes { unsafe Array($0) }
        let checksum = write.contentChecksum
        let result = records.withLock { records in
            let revision = records[id]?.revision ?? 0
            if let expected, expected != revision {
                return WriteResult(.refused(ServiceError(.conflict, "at \(revision)")), id: id, revision: revision)
            }
            records[id] = Record(revision: revision + 1, content: content, checksum: checksum)
            return WriteResult(revision == 0 ? .created : .updated, id: id, revision: revision + 1)
        }
        completion(result)
    }

    func statistics() throws(ServiceError) -> StorageStatistics { StorageStatistics() }
}
