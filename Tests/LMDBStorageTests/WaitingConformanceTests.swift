// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Testing

@testable import HandlerKit
@testable import LMDBStorage
@testable import StorageRules

/// An engine that must wait for each read follows the same rules, across the C boundary: it answers late, on other
/// threads, and in another order.
@Suite(.timeLimit(.minutes(5))) struct WaitingConformanceTests {
    private static let rules = StorageConformance.all + StorageConformance.changes

    @Test(arguments: rules.map(\.name))
    func rule(_ name: String) async throws {
        let directory = TemporaryDirectory()
        let engine = try LateEngine(context: PluginContext(stateDirectory: directory.path))
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

/// The real storage, as an engine that has to ask somebody.
private final class LateEngine: StorageEngine {
    static let descriptor = PluginDescriptor(name: "late", version: "1")
    private let inner: LMDBEngine

    init(context: PluginContext) throws { inner = try LMDBEngine(.tests, directory: context.stateDirectory) }

    func stop() { inner.stop() }

    /// Most answers come soon, some much later.
    private func wait() async {
        let delay = Int.random(in: 0..<20) == 0 ? 3000 : Int.random(in: 0..<200)
        try? await Task.sleep(for: .microseconds(delay))
    }

    func fetch(id: ArticleID) async throws(ServiceError) -> RecordCopy? {
        await wait()
        return try await inner.fetch(id: id)
    }

    func fetch(key: [UInt8]) async throws(ServiceError) -> RecordCopy? {
        await wait()
        return try await inner.fetch(key: key)
    }

    func fetch(_ query: StorageQuery) async throws(ServiceError) -> RecordPage {
        await wait()
        return try await inner.fetch(query)
    }

    func fetch(_ query: ChangeQuery) async throws(ServiceError) -> ChangePage {
        await wait()
        return try await inner.fetch(query)
    }

    func watchChanges(_ notify: @escaping @Sendable () -> Void) -> ChangeWatch? { inner.watchChanges(notify) }

    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        inner.write(write, completion: completion)
    }

    func statistics() throws(ServiceError) -> StorageStatistics { try inner.statistics() }
}
