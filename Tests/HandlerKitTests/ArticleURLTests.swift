// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import ArticleURL
import CPluginABI
import Testing

@testable import HandlerKit
@testable import StorageRules

/// Articles by their URLs, across the boundary, with an engine that lends and with one that waits.
@Suite struct ArticleURLTests {
    private func storage(_ rules: URLRules = .standard) throws -> InjectedStorage {
        let engine = try unsafe TestPlugin(exportEngine(MemoryEngine.self))
        return try unsafe InjectedStorage(engine.descriptor.pointee.storage, engine: engine.instance, urlRules: rules)
    }

    private func put(_ storage: any ArticleStorage, _ url: String, _ title: String) async throws -> WriteResult {
        try await storage.put(article: Article(url: url, title: title).encoded())
    }

    /// By each of the ways to read.
    private func ids(_ storage: any ArticleStorage, _ url: String) async throws -> [ArticleID?] {
        let bytes = Array(url.utf8)
        var ids: [ArticleID?] = []
        var id: ArticleID?
        _ = try storage.lend(url: bytes.rawSpan) { id = $0.id }
        ids.append(id)
        id = nil
        _ = try await storage.read(url: bytes) { id = $0.id }
        ids.append(id)
        var reader = IDReader()
        _ = try storage.lend(url: bytes.rawSpan, into: &reader)
        ids.append(reader.id)
        ids.append(try await storage.fetch(url: bytes)?.id)
        return ids
    }

    private struct IDReader: RecordReader {
        var id: ArticleID?
        mutating func read(_ record: borrowing StoredRecord) { id = record.id }
    }

    @Test func everyFormNamesOneArticle() async throws {
        let storage = try storage()
        let first = try await put(storage, "HTTPS://Báo.vn:443/tìm", "một")
        for url in ["https://xn--bo-mia.vn/t%c3%acm", "https://BÁO.vn/./tìm", "https://xn--bo-mia.vn/t%C3%ACm"] {
            #expect(try await ids(storage, url).allSatisfy { $0 == first.id }, "\(url)")
            let again = try await put(storage, url, "hai")
            #expect(again.id == first.id && again.outcome.isUpdated)
            let copy = try #require(try await storage.fetch(url: Array("https://báo.vn/tìm".utf8)))
            #expect(try Article(decoding: copy.content).url == url)
        }
        #expect(try await ids(storage, "https://báo.vn/tìm#x").allSatisfy { $0 == nil })
        let deleted = await delete(storage, "https://BÁO.VN/%74ìm")
        #expect(deleted.id == first.id && deleted.outcome.isDeleted)
        #expect(await delete(storage, "https://báo.vn/tìm").refusal == .notFound)
    }

    private func delete(_ storage: any ArticleStorage, _ url: String) async -> WriteResult {
        let bytes = Array(url.utf8)
        return await withCheckedContinuation { continuation in
            storage.delete(url: bytes.rawSpan) { continuation.resume(returning: $0) }
        }
    }

    /// As articles were stored before keys were normalized.
    @Test func whatWasStoredBeforeIsFoundByItsURL() async throws {
        let storage = try storage()
        let (old, other) = (ArticleID.generate(), ArticleID.generate())
        let content = Article(url: "HTTP://A.vn", title: "cũ").encoded()
        _ = await storage.put(.id(old), content: content, key: Array("HTTP://A.vn".utf8))
        _ = await storage.put(.id(other), content: content, key: Array("HTTP://B.vn".utf8))
        #expect(try await ids(storage, "HTTP://A.vn").allSatisfy { $0 == old })
        // Stored again, it has its key.
        let again = try await put(storage, "HTTP://A.vn", "mới")
        #expect(again.id == old && again.revision == 2)
        #expect(try await ids(storage, "http://a.vn/").allSatisfy { $0 == old })
        #expect(try await ids(storage, "HTTP://A.vn").allSatisfy { $0 == old })
        // Another one came between: two articles, as they were.
        let newer = try await put(storage, "http://b.vn/", "mới")
        #expect(newer.outcome.isCreated)
        #expect(try await put(storage, "HTTP://B.vn", "cũ hơn").id == other)
        #expect(try await ids(storage, "HTTP://B.vn").allSatisfy { $0 == other })
        #expect(try await ids(storage, "http://B.vn").allSatisfy { $0 == newer.id })
        #expect(await delete(storage, "HTTP://B.vn").id == other)
        #expect(try await ids(storage, "HTTP://B.vn").allSatisfy { $0 == newer.id })
    }

    @Test func strippedParameters() async throws {
        let storage = try storage(try URLRules(strippedParameters: "utm_*,fbclid"))
        let first = try await put(storage, "https://a.vn/1?fbclid=x&p=1", "một")
        #expect(try await put(storage, "https://a.vn/1?p=1&utm_source=y", "một").id == first.id)
        #expect(try await put(storage, "https://a.vn/1?p=2", "một").id != first.id)
        #expect(try await ids(storage, "https://a.vn/1?p=1").allSatisfy { $0 == first.id })
    }

    /// What no rule is about, is stored and found as before.
    @Test(arguments: ["urn:isbn:1", "mailto:a@b.vn", "http://a.vn/%zz", "http://[::1]/", "x:y", "http://a.vn/100%#%"])
    func oddURLs(_ url: String) async throws {
        let storage = try storage()
        let first = try await put(storage, url, "một")
        #expect(try await put(storage, url, "một").outcome.isUnchanged)
        #expect(try await ids(storage, url).allSatisfy { $0 == first.id })
        #expect(try await ids(storage, "tin").allSatisfy { $0 == nil })
    }
}
