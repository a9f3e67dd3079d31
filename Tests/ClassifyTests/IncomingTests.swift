// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Glibc
import HandlerKit
import Testing

@testable import ClassifyHandler
@testable import LMDBStorage

/// Articles that are classified after they were stored, with the real storage.
@Suite struct IncomingTests {
    private static let sport = "Cầu thủ ghi bàn thắng ở phút cuối trận đấu, đội tuyển bóng đá vô địch."
    private static let business = "Ngân hàng giảm lãi suất cho doanh nghiệp vay, thị trường chứng khoán tăng điểm."

    private func put(_ article: Article, in storage: LMDBEngine) async throws -> WriteResult {
        try await storage.put(article: article.encoded())
    }

    /// Stores an article as `store.put` did until version 0.1: marked for classification.
    private func putMarked(_ article: Article, in storage: LMDBEngine) async throws -> WriteResult {
        let bytes = article.encoded()
        let content = try ArticleContent(validating: bytes.rawSpan)
        var terms = TermList(of: content, in: bytes.rawSpan)
        terms.append("w:topics", RawSpan())
        return await storage.write(
            StorageWrite(
                put: .id(.generate()), key: RawSpan(), content: bytes.rawSpan, contentChecksum: CRC32C.checksum(bytes),
                terms: terms))
    }

    private func article(_ id: ArticleID, _ storage: LMDBEngine) throws -> (article: Article, revision: UInt64) {
        var found: (Article, UInt64)?
        _ = try storage.lend(id: id) { record in
            found = (try? Article(decoding: record.content)).map { ($0, record.revision) }
        }
        return try #require(found)
    }

    private func configuration(_ sample: Sample, threshold: Float, _ isOn: Bool = true) -> PluginConfiguration {
        let json = "{model: '\(sample.path)', threshold: \(threshold), newArticles: \(isOn)}"
        return PluginConfiguration(json: Array(json.utf8))
    }

    private func plugin(
        _ sample: Sample, _ storage: LMDBEngine, _ files: Directory, threshold: Float, isOn: Bool = true
    ) throws -> Classify {
        storage.commitPending()
        return try Classify(
            context: PluginContext(
                configuration: configuration(sample, threshold: threshold, isOn), directory: files.path,
                storage: storage))
    }

    /// Waits until the plugin has read all changes, and its own writes among them.
    private func wait(_ storage: LMDBEngine, _ files: Directory) async throws {
        storage.commitPending()  // what is acknowledged becomes a change a little later
        let end = try await storage.lastPosition()
        let file = PositionFile("\(files.path)/position")
        while try file.load().map({ $0.position.sequence < end.sequence }) ?? true {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test(.timeLimit(.minutes(2))) func newArticlesGetTopicsAndNothingElseIsTouched() async throws {
        let sample = try Sample()
        let (files, own) = (Directory(), Directory())
        let storage = try LMDBEngine(EngineLimits(), directory: files.path)
        defer { storage.stop() }
        // Stored before the classification was switched on.
        let old = try await put(Article(url: "https://a.vn/1", title: "Bóng đá", body: Self.sport), in: storage)
        let plugin = try plugin(sample, storage, own, threshold: 0)
        try await wait(storage, own)
        var late: [ArticleID] = []
        for number in 0..<200 {
            late.append(try await put(Article(title: "\(number)", body: Self.business), in: storage).id)
        }
        let given = try await put(
            Article(title: "Có chủ đề", body: Self.sport, topics: [Topic(slug: "khac", score: 1, name: "Khác")]),
            in: storage)
        try await wait(storage, own)
        for id in late {
            let found = try article(id, storage)
            #expect(found.article.topics.first?.slug == "kinh-doanh" && found.revision == 2)
            #expect(found.article.body == Self.business)
        }
        #expect(try article(given.id, storage).article.topics.map(\.slug) == ["khac"])
        #expect(try article(given.id, storage).revision == 1)
        #expect(try article(old.id, storage).article.topics.isEmpty)
        // While it is off, nothing is classified, also not later.
        try plugin.reload(configuration(sample, threshold: 0, false))
        let skipped = try await put(Article(title: "Bỏ qua", body: Self.sport), in: storage)
        try await Task.sleep(for: .milliseconds(5))  // times are in milliseconds
        try plugin.reload(configuration(sample, threshold: 0))
        try await wait(storage, own)
        let last = try await put(Article(title: "Sau cùng", body: Self.sport), in: storage)
        try await wait(storage, own)
        #expect(try article(skipped.id, storage).article.topics.isEmpty)
        #expect(try article(last.id, storage).article.topics.first?.slug == "the-thao")
        try plugin.reload(configuration(sample, threshold: 0, false))
        plugin.stop()
    }

    /// The work begins late, since all of Swift's threads are busy.
    @Test(.timeLimit(.minutes(2))) func whatIsStoredOnceItIsSwitchedOnIsClassified() async throws {
        let sample = try Sample()
        let (files, own) = (Directory(), Directory())
        let storage = try LMDBEngine(EngineLimits(), directory: files.path)
        defer { storage.stop() }
        let plugin = try plugin(sample, storage, own, threshold: 0, isOn: false)
        for _ in 0..<3 {
            for _ in 0..<8 { Task.detached { usleep(20_000) } }
            try plugin.reload(configuration(sample, threshold: 0))
            let stored = try await put(Article(title: "Bóng đá", body: Self.sport), in: storage)
            try await wait(storage, own)
            #expect(try article(stored.id, storage).article.topics.first?.slug == "the-thao")
            try plugin.reload(configuration(sample, threshold: 0, false))
        }
        plugin.stop()
    }

    /// The service ended before it came to them.
    @Test(.timeLimit(.minutes(2))) func nothingIsForgottenOverARestart() async throws {
        let sample = try Sample()
        let (files, own) = (Directory(), Directory())
        let storage = try LMDBEngine(EngineLimits(), directory: files.path)
        defer { storage.stop() }
        try PositionFile("\(own.path)/position").save(try await storage.lastPosition())
        let early = try await put(Article(title: "Bóng đá", body: Self.sport), in: storage)
        let plugin = try plugin(sample, storage, own, threshold: 0)
        try await wait(storage, own)
        #expect(try article(early.id, storage).article.topics.first?.slug == "the-thao")
        try plugin.reload(configuration(sample, threshold: 0, false))
        plugin.stop()
    }

    @Test(.timeLimit(.minutes(2))) func whatAnEarlierVersionHasMarkedIsClassified() async throws {
        let sample = try Sample()
        let (files, own) = (Directory(), Directory())
        let storage = try LMDBEngine(EngineLimits(), directory: files.path)
        defer { storage.stop() }
        var marked: [ArticleID] = []
        for number in 0..<150 {
            marked.append(try await putMarked(Article(title: "\(number)", body: Self.sport), in: storage).id)
        }
        let plain = try await put(Article(title: "Không đánh dấu", body: Self.sport), in: storage)
        let plugin = try plugin(sample, storage, own, threshold: 0)
        for id in marked {
            while try article(id, storage).article.topics.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            #expect(try article(id, storage).article.topics.first?.slug == "the-thao")
        }
        try await wait(storage, own)
        #expect(try article(plain.id, storage).article.topics.isEmpty)
        try plugin.reload(configuration(sample, threshold: 0, false))
        plugin.stop()
    }

    /// After a restore, the position is from a future that never happened: all articles come again.
    @Test(.timeLimit(.minutes(2))) func anUnknownPositionRepeatsOnlyWhatIsNewer() async throws {
        let sample = try Sample()
        let (files, own) = (Directory(), Directory())
        let storage = try LMDBEngine(EngineLimits(), directory: files.path)
        defer { storage.stop() }
        let old = try await put(Article(title: "Cũ", body: Self.sport), in: storage)
        try await Task.sleep(for: .milliseconds(5))
        let epoch = ChangePosition.Epoch(high: 1, low: 2)
        try PositionFile("\(own.path)/position").save(ChangePosition(epoch: epoch, sequence: 1_000_000))
        try await Task.sleep(for: .milliseconds(5))
        let new = try await put(Article(title: "Mới", body: Self.sport), in: storage)
        let plugin = try plugin(sample, storage, own, threshold: 0)
        var isDone = false
        while !isDone {
            isDone = try !article(new.id, storage).article.topics.isEmpty
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try article(old.id, storage).article.topics.isEmpty)
        try plugin.reload(configuration(sample, threshold: 0, false))
        plugin.stop()
    }

    @Test(.timeLimit(.minutes(2))) func anUndecidedArticleStaysAsItIs() async throws {
        let sample = try Sample()
        let (files, own) = (Directory(), Directory())
        let storage = try LMDBEngine(EngineLimits(), directory: files.path)
        defer { storage.stop() }
        let plugin = try plugin(sample, storage, own, threshold: 0.9)
        try await wait(storage, own)
        // The model knows none of these words.
        let stored = try await put(Article(title: "zzzz", body: "qqqq"), in: storage)
        try await wait(storage, own)
        let kept = try article(stored.id, storage)
        #expect(kept.article.topics.isEmpty && kept.article.body == "qqqq" && kept.revision == 1)
        try plugin.reload(configuration(sample, threshold: 0.9, false))
        plugin.stop()
    }

    @Test func aConcurrentWriteWins() async throws {
        let files = Directory()
        let storage = try LMDBEngine(EngineLimits(), directory: files.path)
        defer { storage.stop() }
        let stored = try await put(Article(url: "https://a.vn/1", title: "Cũ", body: Self.sport), in: storage)
        var read: ArticleText?
        _ = try storage.lend(id: stored.id) { read = try? ArticleText.read($0).get() }
        let old = try #require(read)
        _ = try await put(Article(url: "https://a.vn/1", title: "Mới", body: Self.business), in: storage)
        guard case .refused(let error) = try await old.replace(with: old.content, in: storage).outcome else {
            Issue.record("the old article was written")
            return
        }
        #expect(error.code == .conflict)
        #expect(try article(stored.id, storage).article.title == "Mới")
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
        try? FileManager.default.removeItem(atPath: path)
    }
}
