import Foundation
import Testing

/// What articled.service allows.
@Suite struct UnitFileTests {
    /// Each line of the filter adds to what the lines before it say, or takes from it: systemd.exec(5).
    @Test func backgroundWorkMayStepBack() throws {
        let file = URL(filePath: #filePath).appending(path: "../../../../deploy/system/articled.service")
        let unit = try String(contentsOf: file.standardizedFileURL, encoding: .utf8)
        let filters = unit.split(separator: "\n").filter { $0.hasPrefix("SystemCallFilter=") }
            .map { $0.dropFirst("SystemCallFilter=".count) }
        let taken = try #require(filters.lastIndex { $0.hasPrefix("~") && $0.contains("@resources") })
        #expect(filters[taken...].contains("setpriority"), "\(filters)")
    }
}
