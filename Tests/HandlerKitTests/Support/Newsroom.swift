// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import HandlerKit
import Testing

/// The Store and Fetch libraries, as shipped, with an engine in memory.
struct Newsroom {
    let loop = ManualLoop()
    let store: TestPlugin
    let fetch: TestPlugin

    init() throws {
        let storage = try unsafe TestPlugin(exportEngine(MemoryEngine.self))
        store = try TestPlugin(library: "Store", storage: storage)
        fetch = try TestPlugin(library: "Fetch", storage: storage)
    }

    /// Calls a method with one request message, and returns the messages and the end.
    func call(
        _ plugin: TestPlugin, _ method: String, _ bytes: [UInt8]
    ) async -> (messages: [[UInt8]], end: TestRequest.End?) {
        let request = TestRequest(loop, bytes)
        defer { request.close() }
        plugin.handle(method, request)
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.ends.count == 1)
        #expect(request.violations == [])
        return (request.sent, request.ends.first)
    }

    private func unary<Answer: ProtocolMessage>(
        _ plugin: TestPlugin, _ method: String, _ request: some ProtocolMessage
    ) async throws -> Answer {
        switch await call(plugin, method, request.encoded()).end {
        case .response(let bytes, let checksum):
            if let checksum { #expect(checksum == CRC32C.checksum(bytes)) }
            return try Answer(decoding: bytes)
        case .failed(let code, let message): throw ServiceError(StatusCode(rawValue: code) ?? .unknown, message)
        case .finished, nil: throw ServiceError(.internal, "no response")
        }
    }

    private func stream<Item: ProtocolMessage>(
        _ plugin: TestPlugin, _ method: String, _ request: some ProtocolMessage
    ) async throws -> [Item] {
        let (messages, end) = await call(plugin, method, request.encoded())
        if case .failed(let code, let message) = end {
            throw ServiceError(StatusCode(rawValue: code) ?? .unknown, message)
        }
        #expect(end == .finished)
        return try messages.map { try Item(decoding: $0) }
    }

    @discardableResult
    func put(_ article: Article, expected: UInt64? = nil) async throws -> PutResult {
        try await unary(store, "store.put", PutRequest(article: article, expectedRevision: expected))
    }

    func delete(_ key: ArticleKey?, expected: UInt64? = nil) async throws -> DeleteResult {
        try await unary(store, "store.delete", DeleteRequest(key: key, expectedRevision: expected))
    }

    func get(_ request: GetRequest) async throws -> Article { try await unary(fetch, "fetch.get", request) }

    func getMany(_ request: GetManyRequest) async throws -> [GetManyItem] {
        try await stream(fetch, "fetch.getMany", request)
    }

    func list(_ request: ListRequest) async throws -> [ListItem] { try await stream(fetch, "fetch.list", request) }
}

/// Expects a `ServiceError` with a code, and returns its message.
@discardableResult
func expectFailure<Value>(
    _ code: StatusCode, _ body: () async throws -> Value, location: SourceLocation = #_sourceLocation
) async -> String {
    do {
        _ = try await body()
        Issue.record("no error, where \(code) is expected", sourceLocation: location)
    } catch let error as ServiceError {
        #expect(error.code == code, sourceLocation: location)
        return error.message
    } catch {
        Issue.record("\(error)", sourceLocation: location)
    }
    return ""
}
