// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Testing

/// What README shows works as it stands there.
///
/// Files (`swift`, `c`, `python`, `proto`) are written where the paragraph above them says, and commands (`console`, `sh`) run in one
/// session, from the top to the end. Blocks marked `systemd` need root and a real systemd: Tests/systemd/package runs
/// them. After a change of what articlectl prints, `ARTICLED_README=update Tests/run --filter ReadmeTests` writes the new
/// output into README.
@Suite struct ReadmeTests {
    private static let path = PublishedPackage.root.appending(path: "README.md")

    private static func blocks() throws -> [MarkdownBlock] {
        MarkdownBlock.all(in: try String(contentsOf: path, encoding: .utf8))
    }

    /// A block of another kind, or with another mark, would be run by nobody.
    @Test func everyBlockIsOfAKindThatIsRun() throws {
        let blocks = try Self.blocks()
        #expect(blocks.count > 10)
        for block in blocks {
            let place = "README.md:\(block.line)"
            switch block.language {
            case "console":
                #expect(block.mark == nil || block.mark == "systemd", "\(place): \(block.mark ?? "")")
                #expect(block.lines.first?.hasPrefix("$ ") == true, "\(place) begins without a command")
            case "sh": #expect(block.mark == nil, "\(place): use console, and show the output")
            case "swift", "c", "python", "proto", "json5":
                #expect(block.mark == nil, "\(place)")
                #expect(block.file != nil || block.language == "json5", "\(place): the text above names no file")
            default: Issue.record("\(place): a block of \"\(block.language)\" is run by nobody")
            }
        }
        let suite = PublishedPackage.root.appending(path: "Tests/systemd/package")
        #expect(try String(contentsOf: suite, encoding: .utf8).contains("readme.py"))
    }

    /// A file that no command names is built and run by nobody.
    @Test func everyFileIsUsedByACommandBehindIt() throws {
        let blocks = try Self.blocks()
        for (index, block) in blocks.enumerated() where block.language != "json5" {
            guard let file = block.file, block.mark == nil, !["console", "sh"].contains(block.language) else {
                continue
            }
            let parts = file.split(separator: "/").map(String.init)
            let subject = parts.first == ".." && parts.count > 2 ? "../\(parts[1])" : parts[parts.count - 1]
            let commands = blocks[index...].flatMap(\.commands)
            #expect(commands.contains { $0.text.contains(subject) }, "\(file), README.md:\(block.line)")
        }
    }

    @Test(.timeLimit(.minutes(15))) func everythingRunsAsShown() async throws {
        let session = try ReadmeSession()
        var commands: [MarkdownBlock.Command] = []
        for block in try Self.blocks() where block.mark == nil {
            switch block.language {
            case "console": commands += block.commands
            case "sh": commands += [MarkdownBlock.Command(line: block.line, text: block.text, output: ["..."])]
            case "json5": try session.checkConfiguration(block.text)
            default: try session.write(text(of: block, session), to: try #require(block.file))
            }
        }
        let results = try session.run(commands)
        for (command, result) in zip(commands, results) {
            let printed = result.printed.joined(separator: "\n")
            #expect(result.status == 0, "README.md:\(command.line): \(command.text)\n\(printed)")
            #expect(
                ShownOutput.matches(command.output, result.printed),
                "README.md:\(command.line): \(command.text) printed\n\(printed)")
        }
        if ProcessInfo.processInfo.environment["ARTICLED_README"] == "update" {
            try Self.update(zip(commands, results).map { ($0, $1.printed) })
        }
        try await wordsAreCounted(session.file("../word-count/.build/release/libWordCount.so"))
    }

    /// README's client depends on a path, which is all that a fresh clone has. Here it depends on a URL and a version, as
    /// other packages will: Swift is stricter with those.
    private func text(of block: MarkdownBlock, _ session: ReadmeSession) throws -> String {
        guard block.file == "../newsroom/Package.swift" else { return block.text }
        let path = #".package(path: "../articled")"#
        try #require(block.text.contains(path))
        let version = PublishedPackage.version
        return block.text.replacing(path, with: ".package(url: \"\(session.published.url)\", from: \"\(version)\")")
    }

    /// The plugin that README shows counts words, and says so when there is no such article.
    private func wordsAreCounted(_ library: URL) async throws {
        let service = try Service(libraries: [library])
        let client = ArticleClient(endpoint: .unix(path: service.socketPath))
        let stored = try await client.put(Article(title: "Tin", body: "Sở Thông tin\nvà  Truyền thông"))
        let count = try await client.call("words.count", payload: ArticleKey(id: stored.id).encoded())
        #expect(count == [0x08, 6])
        await #expect {
            try await client.call("words.count", payload: ArticleKey(id: .generate()).encoded())
        } throws: {
            ($0 as? ClientError)?.status == .notFound
        }
        let plugin = try #require(try await client.describe().plugins.first { $0.name == "word-count" })
        #expect(plugin.methods == ["words.count"])
        #expect(plugin.runtime == SwiftRuntime.name)
    }

    /// Writes what was printed into README where it differs. What README shortens by `...` is for people to choose.
    private static func update(_ results: [(command: MarkdownBlock.Command, printed: [String])]) throws {
        var lines = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "\n")
        for (command, printed) in results.reversed() {
            guard !command.output.contains("..."), !ShownOutput.matches(command.output, printed) else { continue }
            let first = command.line - 1 + command.text.split(separator: "\n").count
            lines.replaceSubrange(first..<first + command.output.count, with: printed)
        }
        try lines.joined(separator: "\n").write(to: path, atomically: true, encoding: .utf8)
    }
}
