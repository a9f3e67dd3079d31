import ArticleProtocol
import HandlerKit

/// words.count: how many words a stored article has.
struct WordCounter: Handler {
    static var descriptor: PluginDescriptor {
        PluginDescriptor(
            name: "word-count", version: "1.0.0",
            methods: [
                Method(
                    "words.count", request: "articled.v1.ArticleKey", response: "example.WordCount", role: .read,
                    flags: .idempotent)
            ], needsStorage: true)
    }

    let storage: any ArticleStorage

    init(context: PluginContext) throws {
        storage = try context.storage
    }

    func handle(_ call: Call, _ responder: consuming Responder) async throws {
        let key = try ArticleKey(decoding: call.payload)
        guard let id = key.id else { throw ServiceError(.invalidArgument, "id: it is needed") }
        var words = 0
        let isFound = try storage.read(id: id) { record in
            let body = (try? Article(decoding: record.content))?.body ?? ""
            words = body.split(whereSeparator: \.isWhitespace).count
        }
        guard isFound else { throw ServiceError(.notFound, "there is no article \(id)") }
        responder.respond(WordCount(words: UInt64(words)))
    }
}

/// What articled looks for in this library.
@c(articled_plugin_descriptor)
public func articledPlugin() -> UnsafeRawPointer? { exportPlugin(WordCounter.self) }
