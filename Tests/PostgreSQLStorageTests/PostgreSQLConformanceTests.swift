// SPDX-License-Identifier: Apache-2.0
import CPluginABI
import Testing

@testable import HandlerKit
@testable import PostgreSQLEngine
@testable import PostgreSQLServer
@testable import StorageRules

/// The engine follows the rules for all engines.
@Suite(.timeLimit(.minutes(5))) struct PostgreSQLConformanceTests {
    private static let rules = StorageConformance.all + StorageConformance.changes

    @Test(arguments: rules.map(\.name))
    func rule(_ name: String) async throws {
        let cluster = try Cluster.shared.get()
        let engine = try PostgreSQLStorage.open(cluster, cluster.database())
        defer { engine.stop() }
        let rule = try #require(Self.rules.first { $0.name == name }?.rule)
        try await rule(engine)
    }

    /// As a handler in another library sees it.
    @Test(arguments: rules.map(\.name))
    func ruleAcrossTheBoundary(_ name: String) async throws {
        let cluster = try Cluster.shared.get()
        let engine = try PostgreSQLStorage.open(cluster, cluster.database())
        defer { engine.stop() }
        // A host without functions: the engine calls none.
        var host = unsafe articled_host()
        let instance = unsafe withUnsafePointer(to: &host) { host in
            EngineInstance(
                engine,
                PluginContext(
                    configuration: PluginConfiguration(json: Array("{}".utf8)), log: .none, stateDirectory: "",
                    directory: "", storage: nil, acceptsLoss: false, progress: { _ in }, host: unsafe Host(host, nil)))
        }
        defer { withExtendedLifetime(instance) {} }
        let storage = unsafe try InjectedStorage(
            EngineTable.table, engine: Unmanaged.passUnretained(instance).toOpaque())
        let rule = try #require(Self.rules.first { $0.name == name }?.rule)
        try await rule(storage)
    }
}
