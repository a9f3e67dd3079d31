// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ArticleServer

/// The table of keys, the reader, and the example configuration know the same keys.
@Suite struct ConfigurationKeyTests {
    private static let paths = ConfigurationKey.all.map(\.path).filter { $0 != "plugins.NAME" }

    private func problems(_ json5: String) throws -> [String] {
        try ConfigurationReading(of: "a", Array(json5.utf8), owner: 0).problems.map(\.description)
    }

    /// `null` counts as missing, and an unknown key is reported.
    @Test(arguments: paths)
    func theReaderKnowsIt(path: String) throws {
        let names = path.split(separator: ".")
        let text = names.reversed().reduce("null") { "{ \($1): \($0) }" }
        #expect(try problems(text) == [])
    }

    /// The keys that the reader lists when it does not know one are in the table.
    @Test(arguments: ["", "limits", "access", "access.read", "access.write", "access.administer"])
    func theTableHasAllThatTheReaderKnows(section: String) throws {
        let unknown = "qqqqqqqqqqqq"
        let names = section.split(separator: ".")
        let text = names.reversed().reduce("{ \(unknown): 1 }") { "{ \($1): \($0) }" }
        let problem = try #require(try problems(text).first)
        let list = try #require(problem.split(separator: "there are: ").last)
        let known = Set(list.split(separator: ", ").map(String.init))
        let prefix = section.isEmpty ? "" : "\(section)."
        let listed = Set(
            Self.paths.filter { $0.hasPrefix(prefix) }.compactMap {
                $0.dropFirst(prefix.count).split(separator: ".").first.map(String.init)
            })
        #expect(known == listed)
    }

    /// The example has each key, as a value or in a comment that shows it.
    @Test func theExampleHasThemAll() throws {
        let file = URL(filePath: #filePath).appending(path: "../../../../deploy/articled.json5").standardizedFileURL
        let example = try String(contentsOf: file, encoding: .utf8)
        for path in Self.paths {
            let name = String(try #require(path.split(separator: ".").last))
            #expect(example.contains(try Regex("(^|[ {/])\(name): ")), "\(path)")
        }
        #expect(try problems(example) == [])
    }

    @Test func defaults() {
        let standard = Dictionary(uniqueKeysWithValues: ConfigurationKey.all.map { ($0.path, $0.standard) })
        #expect(standard["limits.frame"] == "16 MiB")
        #expect(standard["limits.helloTimeout"] == "10 s")
        #expect(standard["limits.idleTimeout"] == "0")
        #expect(standard["socketMode"] == "0660")
        #expect(standard["slowRequest"] == "1 s")
        #expect(standard["access.tcp"] == "[read, write]")
        #expect(standard["exitWhenIdle"] == "")
    }

    @Test func whatDiffers() throws {
        let old = try ServerConfiguration(json5: Array("{ eventLoops: 1 }".utf8), owner: 0)
        let new = try ServerConfiguration(
            json5: Array("{ limits: { frame: '1 MiB' }, access: { read: { users: [5] } }, plugins: { a: {} } }".utf8),
            owner: 0)
        let different = old.differences(to: new)
        #expect(different.map(\.path) == ["eventLoops", "limits.frame", "access.read.users", "plugins.a"])
        #expect(different.map(\.isLive) == [false, true, true, true])
        #expect(old.differences(to: old).isEmpty)
    }
}
