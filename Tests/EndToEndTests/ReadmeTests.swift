import Foundation
import Testing

/// What README shows works as it stands there.
@Suite struct ReadmeTests {
    /// The fenced blocks of a section, in order.
    static func blocks(of section: String) throws -> [String] {
        let readme = try String(contentsOf: PublishedPackage.root.appending(path: "README.md"), encoding: .utf8)
        let parts = readme.components(separatedBy: "\n## ")
        let text = try #require(parts.first { $0.hasPrefix(section + "\n") }, "README has no section \(section)")
        let fenced = text.components(separatedBy: "\n```")
        return stride(from: 1, to: fenced.count, by: 2).map { index in
            String(fenced[index].drop { $0 != "\n" }.dropFirst()) + "\n"
        }
    }

    @Test(.timeLimit(.minutes(10))) func aPackageThatDependsOnOursUsesTheClientAsReadmeShows() throws {
        let blocks = try Self.blocks(of: "From Swift")
        #expect(blocks.count == 2)
        let published = try PublishedPackage()
        let manifest = try blocks[0].replacing(Regex(#"url: "[^"]*""#), with: "url: \"\(published.url)\"")
        #expect(manifest.contains("from: \"\(PublishedPackage.version)\""))
        let package = try published.write(
            "newsroom", files: ["Package.swift": manifest, "Sources/newsroom/main.swift": blocks[1]])
        let products = try published.build(package)
        let service = try Service()
        let program = products.appending(path: "newsroom").path
        for run in 1...2 {
            let said = try PublishedPackage.run("\"$1\" \"$2\"", arguments: [program, service.socketPath])
            #expect(said.contains(run == 1 ? "created" : "unchanged"))
            #expect(said.contains("Cần Thơ: Đẩy mạnh ứng dụng công nghệ thông tin"))
            #expect(said.contains("2 articles stored"))
        }
    }
}
