internal import ArticleProtocol
public import HandlerKit

/// Fetches articles: fetch.get, fetch.getMany, fetch.list.
///
/// A single article is answered on the event loop at once, from the storage's memory to the connection's buffer.
public struct Fetch: Handler {
    /// The methods, in the descriptor's order.
    enum Call: Int {
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
        guard request.method == Call.get.rawValue else { return responder }
        get(request.payload, responder)
        return nil
    }

    public func expect(method: Int, message: RawSpan) {
        guard method == Call.get.rawValue, let id = LentGetRequest.id(in: message) else { return }
        storage.expect(id: id)
    }

    public func handle(_ call: HandlerKit.Call, _ responder: consuming Responder) async throws {
        switch Call(rawValue: call.method) {
        case .getMany: try await getMany(GetManyKeys(call.payload), responder)
        case .list: try await list(ListRequest(decoding: call.payload), responder)
        case .get, nil: throw ServiceError(.unimplemented, "fetch has no method \(call.method)")
        }
    }
}

/// What articled looks for in this library.
@c(articled_plugin_descriptor)
public func articledPlugin() -> UnsafeRawPointer? { unsafe exportPlugin(Fetch.self) }
