// SPDX-License-Identifier: Apache-2.0
import Foundation
import HandlerKit
import Testing

@testable import DuplicatesHandler

/// The defaults that articled.json5(5) documents are the ones that apply, and what is wrong in a section is named.
@Suite("Duplicates settings") struct SettingsTests {
    private func settings(_ json: String) throws -> Duplicates.Settings {
        try Duplicates.Settings(PluginConfiguration(json: Array(json.utf8)))
    }

    @Test("documented defaults")
    func documented() throws {
        let file = URL(filePath: #filePath).appending(path: "../../../deploy/man/articled.json5.5").standardizedFileURL
        let page = try String(contentsOf: file, encoding: .utf8)
        let keys = page.matches(of: try Regex("\\\\fBplugins\\.duplicates\\.(\\w+)\\\\fR \\(.*; default (.*)\\)\n"))
        let members = keys.compactMap { match in
            match.output[1].substring.flatMap { key in match.output[2].substring.map { "\(key): \($0)" } }
        }
        #expect(members.count == 4)
        let told = try settings("{\(members.joined(separator: ", "))}")
        let used = try settings("{}")
        #expect(told.workers == used.workers && told.maxWaiting == used.maxWaiting)
        #expect(told.threshold == used.threshold && told.commitSeconds == used.commitSeconds)
    }

    @Test(
        "what is wrong is named", arguments: ["workers", "maxWaiting", "threshold", "commitSeconds", "threads"])
    func wrong(key: String) throws {
        #expect {
            try settings("{\(key): 0}")
        } throws: {
            "\($0)".contains(key)
        }
    }
}
