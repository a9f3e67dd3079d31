// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Testing

@testable import ClassifyHandler
@testable import LMDBStorage

/// Articles that are classified after they were stored, with the real storage.
@Suite struct IncomingTests {
    private static let sport = "Cầu thủ ghi bàn thắng ở phút cuối trận đấu, đội tuyển bóng đá vô địch."
    private static let business = "Ngân hàng giảm lãi suất cho doanh nghiệp vay, thị trường chứng khoán tăng điểm."

    private func put(
        _ article: Article, in storage: LMDBEngine, awaitsTopics: Bool = true
    ) async throws -> WriteResult {
        let encoded = article.encoded()
        return await withCheckedContinuation { continuation in
            do throws(ServiceError) {
                try storage.put(article: encoded.rawSpan, awaitsTopics: awaitsTopics) {
                    continuation.resume(returning: $0)
                }
            } catch {
                continuation.resume(returning: WriteResult(.refused(error), id: .generate()))
            }
        }
    }

    private func article(_ id: ArticleID, _ storage: LMDBEngine) throws -> (article: Article, revision: UInt64) {
        var found: (Article, UInt64)?
        _ = try storage.read(id: id) { record in
            found = (try? Article(decoding: record.content)).map { ($0, record.revision) }
        }
        return try #require(found)
    }

    private func waiting(_ storage: LMDBEngine) throws -> Int {
        var terms = TermList()
        terms.appendAwaitsTopics()
        var count = 0
        try storage.scan(StorageQuery(terms: terms)) { _ in
            count += 1
            return true
        }
        return count
    }

    private func plugin(_ sample: Sample, _ storage: LMDBEngine, threshold: Float) throws -> Classify {
        let json = "{model: '\(sample.path)', threshold: \(threshold)}"
        return try Classify(
            context: PluginContext(configuration: PluginConfiguration(json: Array(json.utf8)), storage: storage))
    }

    /// Waits until no article is marked; returns `false` after half a minute.
    private func isDone(_ storage: LMDBEngine) async throws -> Bool {
        for _ in 0..<300 {
            if try waiting(storage) == 0 { return true }
            try await Task.sleep(for: .milliseconds(100))
        }
        return false
    }

    @Test func whatIsMarkedGetsItsTopicsAndNothingElseIsTouched() async throws {
        let sample = try Sample()
        let files = Directory()
        let storage = try LMDBEngine(EngineLimits(), directory: files.path)
        defer { storage.stop() }
        // One from before the plugin starts, as if the service had ended too early.
        let early = try await put(Article(url: "https://a.vn/1", title: "Bóng đá", body: Self.sport), in: storage)
        let plugin = try plugin(sample, storage, threshold: 0)
        defer { plugin.stop() }
        var late: [ArticleID] = []
        for number in 0..<200 {
            late.append(try await put(Article(title: "\(number)", body: Self.business), in: storage).id)
        }
        let plain = try await put(Article(title: "Không đánh dấu", body: Self.sport), in: storage, awaitsTopics: false)
        let given = try await put(
            Article(title: "Có chủ đề", body: Self.sport, topics: [Topic(slug: "khac", score: 1, name: "Khác")]),
            in: storage)
        #expect(try await isDone(storage))
        let first = try article(early.id, storage)
        #expect(first.article.topics.first?.slug == "the-thao" && first.revision == 2)
        #expect(first.article.body == Self.sport && first.article.url == "https://a.vn/1")
        for id in late { #expect(try article(id, storage).article.topics.first?.slug == "kinh-doanh") }
        #expect(try article(plain.id, storage).article.topics.isEmpty)
        #expect(try article(given.id, storage).article.topics.map(\.slug) == ["khac"])
        #expect(try article(given.id, storage).revision == 1)
    }

    @Test func anUndecidedArticleIsClassifiedOnce() async throws {
        let sample = try Sample()
        let files = Directory()
        let storage = try LMDBEngine(EngineLimits(), directory: files.path)
        defer { storage.stop() }
        let plugin = try plugin(sample, storage, threshold: 0.9)
        defer { plugin.stop() }
        // The model knows none of these words.
        let stored = try await put(Article(title: "zzzz", body: "qqqq"), in: storage)
        #expect(try await isDone(storage))
        let kept = try article(stored.id, storage)
        #expect(kept.article.topics.isEmpty && kept.article.body == "qqqq" && kept.revision == 2)
    }

    @Test func aConcurrentWriteWins() async throws {
        let files = Directory()
        let storage = try LMDBEngine(EngineLimits(), directory: files.path)
        defer { storage.stop() }
        let stored = try await put(Article(url: "https://a.vn/1", title: "Cũ", body: Self.sport), in: storage)
        var read: ArticleText?
        _ = try storage.read(id: stored.id) { read = try? ArticleText.read($0).get() }
        let old = try #require(read)
        _ = try await put(Article(url: "https://a.vn/1", title: "Mới", body: Self.business), in: storage)
        let result: WriteResult = try await withCheckedThrowingContinuation { continuation in
            do throws(ServiceError) {
                try old.replace(with: old.content, in: storage) { continuation.resume(returning: $0) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
        guard case .refused(let error) = result.outcome else {
            Issue.record("\(result.outcome)")
            return
        }
        #expect(error.code == .conflict)
        #expect(try article(stored.id, storage).article.title == "Mới")
        #expect(try waiting(storage) == 1)
    }
}

/// A temporary directory, removed with its files.
private final class Directory {
    let path: String

    init() {
        var template = Array("/tmp/articled-incoming-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
        precondition(made, "mkdtemp failed")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in ["articles.mdb", "articles.mdb-lock", "lock"] { unsafe _ = unlink("\(path)/\(name)") }
        unsafe _ = rmdir(path)
    }
}
