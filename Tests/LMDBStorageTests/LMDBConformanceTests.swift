// SPDX-License-Identifier: Apache-2.0
import HandlerKit
import Testing

@testable import LMDBStorage

/// The engine follows the rules for all engines.
@Suite struct LMDBConformanceTests {
    @Test(arguments: StorageConformance.all.map(\.name))
    func rule(_ name: String) async throws {
        let directory = TemporaryDirectory()
        let engine = try LMDBEngine(.tests, directory: directory.path)
        defer { engine.stop() }
        let rule = try #require(StorageConformance.all.first { $0.name == name }?.rule)
        try await rule(engine)
    }
}
