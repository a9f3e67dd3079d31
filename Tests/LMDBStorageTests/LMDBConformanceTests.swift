// SPDX-License-Identifier: Apache-2.0
import HandlerKit
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// The engine follows the rules for all engines.
@Suite(.timeLimit(.minutes(3))) struct LMDBConformanceTests {
    private static let rules = StorageConformance.all + StorageConformance.changes

    @Test(arguments: rules.map(\.name))
    func rule(_ name: String) async throws {
        let directory = TemporaryDirectory()
        let engine = try LMDBEngine(.tests, directory: directory.path)
        defer { engine.stop() }
        let rule = try #require(Self.rules.first { $0.name == name }?.rule)
        try await rule(engine)
    }
}
