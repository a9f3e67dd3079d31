// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ArticleServer

/// What articled.json5(5) and the example configuration say of defaults is what holds without the key.
@Suite struct DocumentedDefaultsTests {
    private static let keys = ConfigurationKey.all.filter { $0.path != "plugins.NAME" }

    /// Defaults that depend on the machine, or are none, and the words that say so.
    private static let words = [
        "eventLoops": "half as many as there are processors", "exitWhenIdle": "never",
        "stateDirectory": "what StateDirectory= of the unit says", "plugins.storage": "the only one that can",
        "tls.certificate": "none", "tls.key": "none", "tls.trust": "none",
        "plugins.directory": "lib/articled/plugins beside the program's bin",
    ]

    private func text(of file: String) throws -> String {
        let folder = URL(filePath: #filePath).appending(path: "../../../../deploy").standardizedFileURL
        return try String(contentsOf: folder.appending(path: file), encoding: .utf8)
    }

    private func configuration(_ json5: String) throws -> ServerConfiguration {
        try ServerConfiguration(json5: Array(json5.utf8), owner: 0)
    }

    /// A configuration with this key alone.
    private func configuration(_ path: String, _ value: Substring) throws -> ServerConfiguration {
        try configuration(path.split(separator: ".").reversed().reduce(String(value)) { "{ \($1): \($0) }" })
    }

    @Test(arguments: keys.map(\.path))
    func thePage(path: String) throws {
        let page = try text(of: "man/articled.json5.5").replacing("\\-", with: "-").replacing("\\(aq", with: "'")
        let line = try #require(page.firstMatch(of: Regex("\\\\fB\(path)\\\\fR \\(.*; default (.*)\\)\n")))
        let told = try #require(line.output[1].substring)
        if let words = Self.words[path] {
            #expect(told == words)
            #expect(path == "plugins.directory" || Self.keys.first { $0.path == path }?.standard == "")
        } else {
            #expect(try configuration(path, told) == configuration("{}"))
        }
    }

    /// What stands in the example is the default, or a comment before it says what is.
    @Test(arguments: keys.map(\.path))
    func theExample(path: String) throws {
        let example = try text(of: "articled.json5")
        let key = try #require(Self.keys.first { $0.path == path })
        let isDefault = try key.text(configuration(example)) == key.standard
        guard let told = try comment(on: path, in: example) else {
            #expect(isDefault)
            return
        }
        if let words = Self.words[path] {
            #expect(told.hasPrefix(words))
        } else {
            let value = try #require(told.firstMatch(of: #/^(\[.*?\]|[^.,]*)/#)).output.1
            #expect(try configuration(path, value) == configuration("{}"))
        }
    }

    /// What follows "Default: " in the lines of comment right before the key; nil if they do not say.
    private func comment(on path: String, in example: String) throws -> Substring? {
        let name = try #require(path.split(separator: ".").last)
        var before: [Substring] = []
        for line in example.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.contains(try Regex("^ *(// )?\(name): ")) {
                return before.joined(separator: " ").firstMatch(of: #/Default: (.*)/#)?.output.1
            }
            // A key in a comment, with its value, ends what is said of it.
            if line.contains(#/^ *// [A-Z]|^ *// [a-z ,]*[^:]*$/#) { before.append(line) } else { before = [] }
        }
        return nil
    }
}
