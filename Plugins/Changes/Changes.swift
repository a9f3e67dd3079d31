// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
public import HandlerKit

/// Follows the changes of articles: changes.watch.
///
/// Each watcher is one task on its connection's event loop. It reads the storage's changes in bounded steps, directly from
/// the storage's memory into the connection's buffer, as far as the client has granted credit. Then it waits for more
/// changes, for credit, or for its next heartbeat.
public struct Changes: Handler {
    public static var descriptor: PluginDescriptor {
        PluginDescriptor(
            name: "changes", version: "0.1.0",
            methods: [
                Method(
                    "changes.watch", request: "articled.v1.WatchRequest", response: "articled.v1.WatchItem",
                    role: .read, flags: [.streamResponse, .idempotent, .endless])
            ], needsStorage: true)
    }

    let storage: any ArticleStorage
    let watchers: Watchers

    public static func check(_ configuration: PluginConfiguration) throws { _ = try Settings(configuration) }

    public init(context: PluginContext) throws {
        watchers = Watchers(limit: try Settings(context.configuration).maxWatchers)
        storage = try context.storage
    }

    public func handle(_ call: Call, _ responder: consuming Responder) async throws {
        let request = try WatchRequest(decoding: call.payload)
        let place = try watchers.enter(call)
        defer { watchers.leave(place) }
        try await watch(request, call, responder)
    }

    /// Applies another `maxWatchers`. Present watchers stay.
    public func reload(_ configuration: PluginConfiguration) throws {
        watchers.setLimit(try Settings(configuration).maxWatchers)
    }

    /// Ends all streams, so that they do not delay the stop. Their clients continue at the next process.
    public func drain() { watchers.stop() }
}

extension Changes {
    /// The plugin's section of the configuration.
    public struct Settings: Decodable {
        /// The most watchers at the same time.
        var maxWatchers: Int

        enum CodingKeys: String, CodingKey { case maxWatchers }

        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            maxWatchers = try values.decodeIfPresent(Int.self, forKey: .maxWatchers) ?? 1000
        }

        /// Throws `invalidArgument`, with everything that is wrong.
        init(_ configuration: PluginConfiguration) throws(ServiceError) {
            self = try configuration.decode(Settings.self) { settings, problems in
                if !(1...100_000).contains(settings.maxWatchers) {
                    problems.add("maxWatchers", "\(settings.maxWatchers); 1 to 100000 are allowed")
                }
            }
        }
    }
}

/// The symbol that articled looks up in this library.
@c(articled_plugin_descriptor)
public func articledPlugin() -> UnsafeRawPointer? { unsafe exportPlugin(Changes.self) }
