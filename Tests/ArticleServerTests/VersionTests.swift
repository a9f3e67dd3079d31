// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import Foundation
import Testing

@testable import ArticleServer

@Suite struct VersionTests {
    /// `deploy/package` takes the package's version from the changelog.
    @Test func theProgramAndItsPackageAgree() throws {
        let file = URL(filePath: #filePath).appending(path: "../../../deploy/debian/changelog").standardizedFileURL
        let changelog = try String(contentsOf: file, encoding: .utf8)
        let newest = try #require(changelog.firstMatch(of: #/^articled \(([^)]+)\) /#))
        #expect(Version.text == newest.output.1)
    }

    @Test func theReport() {
        let lines = Version.report.split(separator: "\n")
        #expect(
            lines == [
                "articled \(Version.text)", "wire protocol \(Session.versions.upperBound)",
                "plugin boundary \(ARTICLED_ABI_MAJOR).\(ARTICLED_ABI_MINOR)", "Swift API \(Version.text)",
                "Swift runtime \(Version.runtime)",
            ])
    }
}
