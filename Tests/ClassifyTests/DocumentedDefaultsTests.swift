// SPDX-License-Identifier: Apache-2.0
import Foundation
import HandlerKit
import Testing

@testable import ClassifyHandler
@testable import LMDBStorage

/// The defaults that articled.json5(5) documents for these plugins are the ones that apply.
@Suite struct DocumentedDefaultsTests {
    /// Defaults that are described in words.
    private static let words = [
        "classify.model": "news-vi, which comes with it", "classify.threshold": "the model's own",
        "lmdb-storage.directory": "the state directory",
    ]

    /// The keys of a section with their documented defaults.
    private func told(_ section: String) throws -> [(key: String, value: String)] {
        let file = URL(filePath: #filePath).appending(path: "../../../deploy/man/articled.json5.5").standardizedFileURL
        let page = try String(contentsOf: file, encoding: .utf8)
            .replacing("\\-", with: "-").replacing("\\(aq", with: "'")
        let keys = page.matches(of: try Regex("\\\\fBplugins\\.\(section)\\.(\\w+)\\\\fR \\(.*; default (.*)\\)\n"))
        return keys.compactMap { match in
            guard let key = match.output[1].substring, let value = match.output[2].substring else { return nil }
            return (String(key), String(value))
        }
    }

    /// The defaults that are values, as a section of the configuration.
    private func section(_ name: String) throws -> PluginConfiguration {
        var json: [String] = []
        for (key, value) in try told(name) {
            if let words = Self.words["\(name).\(key)"] {
                #expect(value == words)
            } else {
                json.append("\(key): \(value)")
            }
        }
        #expect(json.count >= 2)
        return PluginConfiguration(json: Array("{\(json.joined(separator: ", "))}".utf8))
    }

    @Test func classify() throws {
        let settings = try Classify.Settings(PluginConfiguration(json: Array("{}".utf8)))
        let documented = try Classify.Settings(section("classify"))
        #expect(documented.workers == settings.workers)
        #expect(documented.mostWaiting == settings.mostWaiting)
        #expect(settings.model == nil && settings.threshold == nil)
    }

    @Test func storage() throws {
        let (limits, settings) = try EngineLimits.read(section("lmdb-storage"))
        #expect(limits == EngineLimits())
        #expect(settings.directory == nil)
        #expect(settings.maxReaders != nil, "else this shows nothing")
    }
}
