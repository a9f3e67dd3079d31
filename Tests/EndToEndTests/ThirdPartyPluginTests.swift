import ArticleClient
import ArticleProtocol
import Foundation
import Testing

/// A plugin from a package of its own, which depends on this one by URL and version, in the real service.
@Suite struct ThirdPartyPluginTests {
    private static let fixture = PublishedPackage.root.appending(path: "Tests/Fixtures/ThirdPartyPlugin")

    private static func file(_ path: String) throws -> String {
        try String(contentsOf: fixture.appending(path: path), encoding: .utf8)
    }

    @Test(.timeLimit(.minutes(10))) func buildsLoadsAndAnswers() async throws {
        var files: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: Self.fixture.path)
        where path.hasSuffix(".swift") { files[path] = try Self.file(path) }
        let published = try PublishedPackage()
        let products = try published.build(try published.write("word-count", files: files))

        let service = try Service(libraries: [products.appending(path: "libWordCount.so")])
        let client = ArticleClient(endpoint: .unix(path: service.socketPath))
        let stored = try await client.put(Article(title: "Tin", body: "Sở Thông tin\nvà  Truyền thông"))
        let count = try await client.call("words.count", payload: ArticleKey(id: stored.id).encoded())
        #expect(count == [0x08, 6])

        // From the shell, by the messages that the plugin describes.
        let tool = CommandLineTool(service)
        let (key, words) = ("{\"id\":\"\(stored.id.map { "\($0)" } ?? "")\"}", "{\"words\":\"6\"}\n")
        let unknown = try tool.run("call", "words.count", key)
        #expect(unknown.code == 65)
        #expect(unknown.complaints.contains("nothing describes the message example.WordCount"))
        let description = Self.fixture.appending(path: "libWordCount.proto")
        #expect(try tool.run("call", "words.count", key, "--proto", description.path).text == words)
        try FileManager.default.copyItem(
            at: description, to: service.directory.appending(path: "plugins/libWordCount.proto"))
        #expect(try tool.run("call", "words.count", key).text == words)

        await #expect {
            try await client.call("words.count", payload: ArticleKey(id: .generate()).encoded())
        } throws: {
            ($0 as? ClientError)?.status == .notFound
        }
        let plugins = try await client.describe().plugins
        #expect(plugins.first { $0.name == "word-count" }?.methods == ["words.count"])
        #expect(plugins.first { $0.name == "word-count" }?.runtime == SwiftRuntime.name)
    }

    /// README shows the very files that the test above builds.
    @Test func readmeShowsTheFixture() throws {
        let blocks = try ReadmeTests.blocks(of: "A plugin of your own")
        #expect(blocks.first == (try Self.file("Package.swift")))
        #expect(blocks.dropFirst().first == (try Self.file("Sources/WordCount/WordCounter.swift")))
    }
}
