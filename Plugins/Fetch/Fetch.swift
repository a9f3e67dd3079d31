// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
public import HandlerKit

/// Fetches articles: fetch.get, fetch.getMany, fetch.list.
///
/// A single article is answered immediately on the event loop, from the storage's memory into the connection's
/// buffer.
public struct Fetch: Handler {
    /// The methods, in the order of the descriptor.
    enum MethodIndex: Int {
        case get
        case getMany
        case list
    }

    public static var descriptor: PluginDescriptor {
        PluginDescriptor(
            name: "fetch", version: "0.1.0",
            methods: [
                Method(
                    "fetch.get", request: "articled.v1.GetRequest", response: "articled.v1.Article", role: .read,
                    flags: .idempotent),
                Method(
                    "fetch.getMany", request: "articled.v1.GetManyRequest", response: "articled.v1.GetManyItem",
                    role: .read, flags: [.streamResponse, .idempotent]),
                Method(
                    "fetch.list", request: "articled.v1.ListRequest", response: "articled.v1.ListItem", role: .read,
                    flags: [.streamResponse, .idempotent]),
            ], needsStorage: true)
    }

    let storage: any ArticleStorage

    public static func check(_ configuration: PluginConfiguration) throws { try configuration.expectEmpty() }

    public init(context: PluginContext) throws {
        try Self.check(context.configuration)
        storage = try context.storage
    }

    public func answer(_ request: borrowing Request, _ responder: consuming Responder) -> Responder? {
        guard request.method == MethodIndex.get.rawValue else { return responder }
        return get(request.payload, responder)
    }

    public func prefetch(method: Int, message: RawSpan) {
        guard method == MethodIndex.get.rawValue, let id = LentGetRequest.id(in: message) else { return }
        storage.prefetch(id: id)
    }

    public func handle(_ call: Call, _ responder: consuming Responder) async throws {
        switch MethodIndex(rawValue: call.method) {
        case .getMany: try await getMany(GetManyKeys(call.payload), responder)
        case .list: try await list(ListRequest(decoding: call.payload), responder)
        case .get: try await get(call.payload, responder)
        case nil: throw ServiceError(.unimplemented, "fetch has no method \(call.method)")
        }
    }
}

/// The symbol that articled looks up in this library.
@c(articled_plugin_descriptor)
public func articledPlugin() -> UnsafeRawPointer? { unsafe exportPlugin(Fetch.self) }

extension ServiceError {
    /// There is no such article. Exactly one of the two identifies it.
    static func noArticle(_ id: ArticleID?, _ url: RawSpan) -> ServiceError {
        let name =
            id.map { "the id \($0)" } ?? "the URL \(String(decoding: [UInt8](joining: url).prefix(256), as: UTF8.self))"
        return ServiceError(.notFound, "there is no article with \(name)")
    }

    /// The article exists but cannot be read.
    static func unreadable(_ id: ArticleID) -> ServiceError {
        ServiceError(.dataLoss, "the article \(id) is damaged: restore it from a backup, or store it again")
    }
}

extension Status {
    /// The status of an item whose article cannot be sent: it is damaged, or too large for the client; `nil` if the
    /// error does not concern this article alone.
    init?(of id: ArticleID, _ error: ServiceError) {
        switch error.code {
        case .resourceExhausted:
            self.init(
                code: error.code.rawValue,
                message:
                    "the article \(id) exceeds the max_frame of the client's hello: send a larger max_frame")
        case .dataLoss: self.init(code: error.code.rawValue, message: error.message)
        default: return nil
        }
    }
}
