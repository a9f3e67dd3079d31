// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit

/// A storage engine with methods of its own, which return the number of records, immediately or from a task.
final class AnsweringEngine: ServingEngine {
    static let descriptor = PluginDescriptor(
        name: "answering", version: "1",
        methods: ["memory.count", "memory.countLater", "memory.fail"].map {
            Method($0, request: "test.Empty", response: "test.Count", role: .administer)
        })

    private let memory: MemoryEngine

    init(context: PluginContext) throws { memory = try MemoryEngine(context: context) }

    func answer(_ request: borrowing Request, _ responder: consuming Responder) -> Responder? {
        guard request.method == 0 else { return responder }
        let count = [UInt8(clamping: (try? memory.statistics().records) ?? .max)]
        unsafe responder.respond(count.span.bytes)
        return nil
    }

    func handle(_ call: Call, _ responder: consuming Responder) async throws {
        guard call.method == 1 else { throw ServiceError(.dataLoss, "nothing is left") }
        await Task.yield()
        let count = [UInt8(clamping: try memory.statistics().records)]
        unsafe responder.respond(count.span.bytes)
    }

    func lend(id: ArticleID, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent {
        try memory.lend(id: id, body)
    }

    func lend(key: RawSpan, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent {
        try memory.lend(key: key, body)
    }

    func lend(
        _ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool
    ) throws(ServiceError) -> Lent {
        try memory.lend(query, visit)
    }

    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        memory.write(write, completion: completion)
    }

    func statistics() throws(ServiceError) -> StorageStatistics {
        StorageStatistics(
            scrub: StorageStatistics.Scrub(endedAt: -1, records: 2, damaged: 3, isRunning: true), backupEndedAt: 4)
    }
}
