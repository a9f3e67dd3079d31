// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
public import HandlerKit
internal import WorkerThreads

/// Finds articles by their words: search.query, search.suggest, search.related, search.status.
///
/// The index is a copy of what the storage has, in the plugin's directory. ``Follower`` keeps it up to date in the
/// background. Queries run on threads of their own, in a snapshot of the index, so they wait neither for changes nor for
/// each other, and no event loop waits for them.
public struct Search: Handler {
    /// The methods, in the order of the descriptor.
    enum MethodIndex: Int {
        case query
        case status
        case suggest
        case related
    }

    public static var descriptor: PluginDescriptor {
        PluginDescriptor(
            name: "search", version: "0.1.0",
            methods: [
                Method(
                    "search.query", request: "articled.v1.SearchRequest", response: "articled.v1.SearchResult",
                    role: .read, flags: .idempotent),
                Method(
                    "search.status", request: "articled.v1.SearchStatusRequest", response: "articled.v1.SearchStatus",
                    role: .read, flags: .idempotent),
                Method(
                    "search.suggest", request: "articled.v1.SuggestRequest", response: "articled.v1.SuggestResult",
                    role: .read, flags: .idempotent),
                Method(
                    "search.related", request: "articled.v1.RelatedRequest", response: "articled.v1.SearchResult",
                    role: .read, flags: .idempotent),
            ], needsStorage: true, needsDirectory: true)
    }

    let storage: any ArticleStorage
    let follower: Follower
    let workers: Workers
    let vocabularies = Vocabularies()
    let log: PluginLog

    public static func check(_ configuration: PluginConfiguration) throws { _ = try Settings(configuration) }

    public init(context: PluginContext) throws {
        let settings = try Settings(context.configuration)
        storage = try context.storage
        log = context.log
        workers = try Workers(
            "search", count: settings.workers, maxWaiting: settings.maxWaiting,
            waiting: "searches are waiting for a thread")
        follower = Follower(
            context, storage: storage, bufferMegabytes: settings.bufferMegabytes,
            commitTime: UInt64(settings.commitSeconds * 1_000_000_000))
        follower.start()
    }

    public func handle(_ call: Call, _ responder: consuming Responder) async throws {
        switch MethodIndex(rawValue: call.method) {
        case .query: responder.respond(bytes: try await query(call))
        case .status: responder.respond(try await status())
        case .suggest: responder.respond(try await suggest(call))
        case .related: responder.respond(bytes: try await related(call))
        case nil: throw ServiceError(.internal, "the plugin has no method \(call.method)")
        }
    }

    private func status() async throws(ServiceError) -> SearchStatus {
        let stored = try storage.statistics().records
        return try await workers.run { [follower] in
            var status = follower.status
            status.stored = stored
            return status
        }
    }

    public func stop() {
        follower.stop()
        workers.stop()
    }

    public var health: Health {
        guard let problem = follower.problem else { return .healthy }
        return Health(.degraded, problem)
    }

    public var metrics: [Metric] { follower.metrics }
}

extension Search {
    /// The plugin's section of the configuration.
    public struct Settings: Decodable, Sendable {
        /// Threads for queries.
        var workers: Int
        /// The most queries that may wait for a thread; further ones are refused.
        var maxWaiting: Int
        /// Memory for articles that are not yet in a file of the index.
        var bufferMegabytes: Double
        /// When changes are brought to disk, after the commit before.
        var commitSeconds: Double

        enum CodingKeys: String, CodingKey {
            case workers
            case maxWaiting
            case bufferMegabytes
            case commitSeconds
        }

        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            workers = try values.decodeIfPresent(Int.self, forKey: .workers) ?? 2
            maxWaiting = try values.decodeIfPresent(Int.self, forKey: .maxWaiting) ?? 256
            bufferMegabytes = try values.decodeIfPresent(Double.self, forKey: .bufferMegabytes) ?? 16
            commitSeconds = try values.decodeIfPresent(Double.self, forKey: .commitSeconds) ?? 10
        }

        /// Throws `invalidArgument`, with everything that is wrong.
        init(_ configuration: PluginConfiguration) throws(ServiceError) {
            self = try configuration.decode(Settings.self) { settings, problems in
                if !(1...64).contains(settings.workers) {
                    problems.add("workers", "\(settings.workers); 1 to 64 are allowed")
                }
                if !(1...65_536).contains(settings.maxWaiting) {
                    problems.add("maxWaiting", "\(settings.maxWaiting); 1 to 65536 are allowed")
                }
                if !(1...1024).contains(settings.bufferMegabytes) {
                    problems.add("bufferMegabytes", "\(settings.bufferMegabytes); 1 to 1024 are allowed")
                }
                if !(0.1...3600).contains(settings.commitSeconds) {
                    problems.add("commitSeconds", "\(settings.commitSeconds); 0.1 to 3600 are allowed")
                }
            }
        }
    }
}
