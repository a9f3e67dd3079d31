internal import ArticleProtocol
public import HandlerKit

/// Stores and deletes articles: store.put, store.putMany, store.delete.
///
/// A single change is handed to the storage from the event loop, out of the connection's buffer, and answered when it is
/// on disk: no task waits for it.
public struct Store: Handler {
    /// The methods, in the descriptor's order.
    enum Call: Int {
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
            ], needsStorage: true)
    }

    let storage: any ArticleStorage
    /// Articles that come without topics are marked for whoever classifies them: an entry more in the index. No
    /// acknowledgement waits for the classification itself.
    let marksForTopics: Bool

    public static func check(_ configuration: PluginConfiguration) throws {
        _ = try configuration.decode(Settings.self) { _, _ in }
    }

    public init(context: PluginContext) throws {
        let settings = try context.configuration.decode(Settings.self) { _, _ in }
        marksForTopics = settings.classify ?? false
        storage = try context.storage
    }

    public func answer(_ request: borrowing Request, _ responder: consuming Responder) -> Responder? {
        switch Call(rawValue: request.method) {
        case .put: put(request.payload, responder.pending())
        case .delete: delete(request.payload, responder.pending())
        case .putMany, nil: return responder
        }
        return nil
    }

    public func handle(_ call: HandlerKit.Call, _ responder: consuming Responder) async throws {
        try await putMany(call.messages, responder)
    }
}

/// What articled looks for in this library.
@c(articled_plugin_descriptor)
public func articledPlugin() -> UnsafeRawPointer? { unsafe exportPlugin(Store.self) }
