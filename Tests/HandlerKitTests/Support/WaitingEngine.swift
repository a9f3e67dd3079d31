// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit

/// The engine in memory, as one that must wait for every read.
final class WaitingEngine: StorageEngine {
    static let descriptor = PluginDescriptor(name: "waiting", version: "1")

    private let memory: MemoryEngine

    init(context: PluginContext) throws { memory = try MemoryEngine(context: context) }

    func fetch(id: ArticleID) async throws(ServiceError) -> RecordCopy? {
        await Task.yield()
        return try await memory.fetch(id: id)
    }

    func fetch(key: [UInt8]) async throws(ServiceError) -> RecordCopy? {
        await Task.yield()
        return try await memory.fetch(key: key)
    }

    func fetch(_ query: StorageQuery) async throws(ServiceError) -> RecordPage {
        await Task.yield()
        return try await memory.fetch(query)
    }

    func fetch(_ query: ChangeQuery) async throws(ServiceError) -> ChangePage {
        await Task.yield()
        return try await memory.fetch(query)
    }

    func watchChanges(_ notify: @escaping @Sendable () -> Void) -> ChangeWatch? { memory.watchChanges(notify) }

    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        memory.write(write, completion: completion)
    }

    func statistics() throws(ServiceError) -> StorageStatistics { try memory.statistics() }
}
