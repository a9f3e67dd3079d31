// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Documents for people: short sentences, links that lead somewhere, a picture that is current.
@Suite struct DocumentTests {
    static let documents = ["README.md", "Sources/README.md", "Tests/Benchmarks/README.md"]
    /// Beginnings of sentences that may be longer than 30 words.
    static let exceptions = ["**Contents:**"]

    private static func text(_ document: String) throws -> String {
        try String(contentsOf: PublishedPackage.root.appending(path: document), encoding: .utf8)
    }

    @Test(arguments: documents) func noSentenceIsLongerThan30Words(_ document: String) throws {
        let sentences = Prose.sentences(of: try Self.text(document))
        #expect(sentences.count > 20)
        for sentence in sentences where !Self.exceptions.contains(where: sentence.hasPrefix) {
            let count = sentence.split(separator: " ").filter { $0.contains(/[\p{L}\d]/) }.count
            #expect(count <= 30, "\(count) words: \(sentence)")
        }
    }

    @Test func aLongSentenceIsSeen() {
        let words = Array(repeating: "word", count: 31).joined(separator: " ")
        let sentences = Prose.sentences(
            of: "# Title\n\n- One.\n- Two `a. b` [three](x.y).\n  \(words). Four.\n\n```\nfive\n```\n")
        #expect(sentences == ["Title", "One.", "Two `a.\u{a0}b` three.", "\(words).", "Four."])
    }

    @Test(arguments: documents) func everyLinkLeadsSomewhere(_ document: String) throws {
        let text = try Self.text(document)
        let folder = PublishedPackage.root.appending(path: document).deletingLastPathComponent()
        for match in text.matches(of: /\]\(([^)\s]+)\)/) {
            let parts = match.output.1.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            guard !match.output.1.hasPrefix("https:") else { continue }
            let own = parts[0].isEmpty ? PublishedPackage.root.appending(path: document) : nil
            let file = own ?? folder.appending(path: String(parts[0])).standardizedFileURL
            #expect(FileManager.default.fileExists(atPath: file.path), "\(document) links to \(match.output.1)")
            guard parts.count == 2, file.pathExtension == "md" else { continue }
            let anchors = Prose.anchors(of: try String(contentsOf: file, encoding: .utf8))
            #expect(anchors.contains(String(parts[1])), "\(document) links to \(match.output.1)")
        }
    }

    /// `deploy/architecture >deploy/architecture.svg` after a change of the script.
    @Test func thePictureIsWhatTheScriptMakes() throws {
        let made = try PublishedPackage.run("\"$1/deploy/architecture\"", arguments: [PublishedPackage.root.path])
        #expect(made == (try Self.text("deploy/architecture.svg")))
        #expect(made.hasPrefix("<svg ") && made.hasSuffix("</svg>\n"))
    }
}
