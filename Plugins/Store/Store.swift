// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
public import HandlerKit

/// Stores and deletes articles: store.put, store.putMany, store.delete.
///
/// A single write goes from the connection's buffer directly to the storage, on the event loop, and is answered when
/// it is on disk. No task waits for it.
public struct Store: Handler {
    /// The methods, in the order of the descriptor.
    enum MethodIndex: Int {
        case put
        case putMany
        case delete
    }

    public static var descriptor: PluginDescriptor {
        PluginDescriptor(
            name: "store", version: "0.1.0",
            methods: [
                Method(
                    "store.put", request: "articled.v1.PutRequest", response: "articled.v1.PutResult", role: .write),
                Method(
                    "store.putMany", request: "articled.v1.PutRequest", response: "articled.v1.PutManyResult",
                    role: .write, flags: [.streamRequest, .streamResponse]),
                Method(
                    "store.delete", request: "articled.v1.DeleteRequest", response: "articled.v1.DeleteResult",
                    role: .write),
            ], needsStorage: true, needsDirectory: true)
    }

    let storage: any ArticleStorage

    public static func check(_ configuration: PluginConfiguration) throws { try configuration.expectEmpty() }

    public init(context: PluginContext) throws {
        try Self.check(context.configuration)
        storage = try context.storage
        // Without a host there is no place to keep what was done.
        guard !context.directory.isEmpty else { return }
        let keys = NormalizedKeys(storage, directory: context.directory, log: context.log)
        context.background("keys") { try await keys.run() }
    }

    public func answer(_ request: borrowing Request, _ responder: consuming Responder) -> Responder? {
        switch MethodIndex(rawValue: request.method) {
        case .put: put(request.payload, request.peer, responder.pending())
        case .delete: delete(request.payload, responder.pending())
        case .putMany, nil: return responder
        }
        return nil
    }

    public func handle(_ call: Call, _ responder: consuming Responder) async throws {
        try await putMany(call.messages, call.peer, responder)
    }
}

/// The symbol that articled looks up in this library.
@c(articled_plugin_descriptor)
public func articledPlugin() -> UnsafeRawPointer? { unsafe exportPlugin(Store.self) }

extension Store {
    /// store.put
    func put(_ payload: RawSpan, _ peer: Peer, _ response: PendingResponse) {
        do throws(ServiceError) {
            let request = try LentPutRequest(payload)
            try storage.put(
                article: request.article, expectedRevision: request.expectedRevision,
                createdAt: try request.createdAt(from: peer)
            ) { result in
                response.complete(PutResult.of(result).map { $0.encoded() })
            }
        } catch {
            response.fail(error)
        }
    }

    /// store.delete
    func delete(_ payload: RawSpan, _ response: PendingResponse) {
        do throws(ServiceError) {
            let request = try DeleteRequest(decoding: payload)
            let key = request.key ?? ArticleKey()
            switch (key.id, key.url.isEmpty) {
            case (let id?, true):
                storage.write(StorageWrite(delete: id, expectedRevision: request.expectedRevision)) { result in
                    response.complete(DeleteResult.of(result).map { $0.encoded() })
                }
            case (nil, false):
                let url = Array(key.url.utf8)
                storage.delete(url: url.rawSpan, expectedRevision: request.expectedRevision) { result in
                    response.complete(DeleteResult.of(result).map { $0.encoded() })
                }
            default: throw ServiceError(.invalidArgument, "key: exactly one of id and url is needed")
            }
        } catch {
            response.fail(error)
        }
    }
}

/// A `PutRequest` whose article stays in the connection's buffer: its bytes are stored as they are.
struct LentPutRequest: ~Copyable, ~Escapable {
    let article: RawSpan
    let expectedRevision: UInt64?
    /// In milliseconds since 1970-01-01T00:00:00Z; 0: not given.
    private let createdAt: Int64

    /// Throws `invalidArgument` unless there is exactly one article.
    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) throws(ServiceError) {
        var reader = WireReader(bytes)
        var article = RawSpan()
        var isGiven = false
        var expectedRevision: UInt64?
        var createdAt: Int64 = 0
        while try reader.next() {
            switch reader.field {
            case 1:
                if isGiven { throw reader.malformed("a second article") }
                article = try reader.span()
                isGiven = true
            case 2: expectedRevision = try reader.uint64()
            case 3: createdAt = try reader.int64()
            default: try reader.skip()
            }
        }
        guard isGiven else { throw ServiceError(.invalidArgument, "article: missing") }
        self.article = article
        self.expectedRevision = expectedRevision
        self.createdAt = createdAt
    }

    /// When the article was created, if the peer says so and may. Never later than now.
    ///
    /// Throws `permissionDenied` or `invalidArgument`.
    func createdAt(from peer: Peer) throws(ServiceError) -> Int64? {
        guard createdAt != 0 else { return nil }
        guard peer.roles.contains(.administer) else {
            throw ServiceError(
                .permissionDenied, "created_at: only a peer that may administer the service can set it; leave it out")
        }
        guard Limits.times.contains(createdAt) else {
            throw ServiceError(.invalidArgument, "created_at: \(createdAt) is outside of the years 1 to 9999")
        }
        return min(createdAt, clinux_wall_clock_ms())
    }
}

extension PutResult {
    /// The answer to a put.
    static func of(_ result: WriteResult) -> Result<PutResult, ServiceError> {
        let outcome: PutOutcome
        switch result.outcome {
        case .created: outcome = .created
        case .updated: outcome = .updated
        case .unchanged: outcome = .unchanged
        case .deleted: return .failure(ServiceError(.internal, "the storage deleted an article instead of storing it"))
        case .refused(let error): return .failure(error)
        }
        return .success(
            PutResult(
                outcome: outcome, id: result.id, revision: result.revision, createdAt: result.createdAt,
                storedAt: result.storedAt))
    }
}

extension DeleteResult {
    /// The answer to a delete.
    static func of(_ result: WriteResult) -> Result<DeleteResult, ServiceError> {
        switch result.outcome {
        case .deleted: .success(DeleteResult(id: result.id, revision: result.revision))
        case .refused(let error): .failure(error)
        case .created, .updated, .unchanged:
            .failure(ServiceError(.internal, "the storage stored an article instead of deleting it"))
        }
    }
}

extension PutManyResult {
    /// The result of one put of store.putMany.
    static func of(_ result: Result<PutResult, ServiceError>, index: UInt64) -> PutManyResult {
        switch result {
        case .success(let result): PutManyResult(index: index, result: result)
        case .failure(let error):
            PutManyResult(index: index, status: Status(code: error.code.rawValue, message: error.message))
        }
    }
}
