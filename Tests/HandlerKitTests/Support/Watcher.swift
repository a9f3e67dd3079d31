// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

/// The Store and Changes libraries, as shipped, with an engine in memory that keeps its records at hand, or must wait.
struct ChangesDesk {
    let loop = ManualLoop()
    let store: TestPlugin
    let changes: TestPlugin
    /// Behind both plugins.
    let engine: MemoryEngine

    init(waits: Bool = false, settings: String = "{}") throws {
        let name = "\(ArticleID.generate())"
        let storage = try unsafe TestPlugin(
            waits ? exportEngine(WaitingEngine.self) : exportEngine(MemoryEngine.self),
            configuration: #"{"name":"\#(name)"}"#)
        store = try TestPlugin(library: "Store", storage: storage)
        changes = try TestPlugin(library: "Changes", configuration: settings, storage: storage)
        engine = try #require(MemoryEngine.named(name))
    }

    /// Without heartbeats while a test takes its time, unless it asks for them.
    func watch(_ request: WatchRequest = WatchRequest(), credit: Int = .max) -> Watcher {
        var request = request
        if request.heartbeatMs == 0 { request.heartbeatMs = 600_000 }
        return Watcher(TestRequest(loop, request.encoded(), credit: credit), changes)
    }

    @discardableResult
    func put(_ article: Article) async throws -> PutResult {
        try PutResult(decoding: try await answer("store.put", PutRequest(article: article)))
    }

    func delete(_ id: ArticleID?) async throws {
        _ = try await answer("store.delete", DeleteRequest(key: ArticleKey(id: id)))
    }

    private func answer(_ method: String, _ message: some ProtocolMessage) async throws -> [UInt8] {
        let request = TestRequest(loop, message.encoded())
        defer { request.close() }
        store.handle(method, request)
        #expect(await loop.turn { !request.ends.isEmpty })
        guard case .response(let bytes, _) = request.ends.first else {
            throw ServiceError(.internal, "\(request.ends)")
        }
        return bytes
    }
}

/// One stream of changes.watch, as its client sees it.
final class Watcher {
    let request: TestRequest

    init(_ request: TestRequest, _ plugin: TestPlugin) {
        self.request = request
        plugin.handle("changes.watch", request)
    }

    /// All items so far.
    var items: [WatchItem] { get throws { try request.sent.map { try WatchItem(decoding: $0) } } }

    /// Waits until so many items have come, or the stream has ended, and returns them.
    func items(_ count: Int) async throws -> [WatchItem] {
        #expect(await request.loop.turn { self.request.sent.count >= count || !self.request.ends.isEmpty })
        return try items
    }

    /// Waits until the watcher has caught up, and returns the items up to the heartbeat that says so.
    func caughtUp() async throws -> [WatchItem] {
        #expect(
            await request.loop.turn {
                (try? self.items.last?.caughtUp) == true || !self.request.ends.isEmpty
            })
        return try items
    }

    /// Cancels the stream, if it has not ended, and waits for its end.
    func end() async -> TestRequest.End? {
        if request.ends.isEmpty { request.cancel() }
        let request = request
        #expect(await request.loop.turn { !request.ends.isEmpty })
        #expect(request.violations == [])
        return request.ends.first
    }
}

extension WatchItem {
    /// "stored Hai", "deleted", "outside", "heartbeat", "caught up"
    var word: String {
        switch kind {
        case .stored: "stored \(article?.title ?? status.map { "status \($0.code)" } ?? "")"
        case .deleted: "deleted"
        case .outside: "outside"
        case .heartbeat: caughtUp ? "caught up" : "heartbeat"
        case .unspecified: "?"
        }
    }
}
