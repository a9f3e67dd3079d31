// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The code in the article "Getting started" of the API reference is one package. It builds and runs as shown.
@Suite struct GettingStartedTests {
    /// The Swift blocks of the article, in order.
    private static func blocks() throws -> [String] {
        let article = try String(
            contentsOf: PublishedPackage.root.appending(
                path: "Sources/ArticleClient/ArticleClient.docc/GettingStarted.md"), encoding: .utf8)
        return article.components(separatedBy: "\n```swift\n").dropFirst().map { block in
            block.components(separatedBy: "\n```")[0] + "\n"
        }
    }

    @Test(.timeLimit(.minutes(10))) func theProgramRunsAsShown() throws {
        let blocks = try Self.blocks()
        try #require(blocks.count > 5)
        let published = try PublishedPackage()
        let manifest = try blocks[0].replacing(
            Regex(#"url: "[^"]*", from: "[^"]*""#),
            with: "url: \"\(published.url)\", from: \"\(PublishedPackage.version)\"")
        let package = try published.write(
            "newsroom",
            files: [
                "Package.swift": manifest,
                "Sources/newsroom/main.swift": blocks.dropFirst().joined(separator: "\n"),
            ])
        let program = try published.build(package).appending(path: "newsroom").path
        let service = try Service()
        let output = try PublishedPackage.run("\"$1\" \"$2\"", arguments: [program, service.socketPath])
        #expect(
            output == """
                created revision 1
                Báo chí Việt Nam
                there is no such article
                now at revision 2
                3 articles stored
                Báo chí Việt Nam

                """)
    }
}
