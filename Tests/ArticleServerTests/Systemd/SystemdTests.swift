// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Testing

@testable import ArticleServer

/// What articled.service allows.
@Suite struct UnitFileTests {
    /// Each line of the filter adds to the lines before it, or removes from them: systemd.exec(5).
    @Test func backgroundWorkMayStepBack() throws {
        let file = URL(filePath: #filePath).appending(path: "../../../../deploy/system/articled.service")
        let unit = try String(contentsOf: file.standardizedFileURL, encoding: .utf8)
        let filters = unit.split(separator: "\n").filter { $0.hasPrefix("SystemCallFilter=") }
            .map { $0.dropFirst("SystemCallFilter=".count) }
        let taken = try #require(filters.lastIndex { $0.hasPrefix("~") && $0.contains("@resources") })
        #expect(filters[taken...].contains("setpriority"), "\(filters)")
    }
}

@Suite struct StateDirectoryTests {
    @Test func madeForOurselvesAlone() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/a/b"
        #expect(try StateDirectory.prepare(path) == path)
        #expect(try StateDirectory.prepare(path) == path)
        var status = stat()
        #expect(unsafe stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
    }

    @Test func notADirectory() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("file", "")
        #expect(throws: StartError.self) { try StateDirectory.prepare(path) }
        #expect(throws: StartError.self) { try StateDirectory.prepare("\(path)/below") }
    }
}
