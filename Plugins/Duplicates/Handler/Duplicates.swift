// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
public import HandlerKit
internal import IndexFollowing
internal import WorkerThreads

/// Finds articles that are copies of others, or nearly so: duplicates.of, duplicates.groups, duplicates.status.
///
/// The index has a signature of each article, in the plugin's directory. It names the articles that may be similar; these
/// are read from the storage and compared as a whole. The index is kept up to date in the background. What takes long runs
/// on threads of the plugin.
public struct Duplicates: Handler {
    /// The methods, in the order of the descriptor.
    enum MethodIndex: Int {
        case of
        case groups
        case status
    }

    public static var descriptor: PluginDescriptor {
        PluginDescriptor(
            name: "duplicates", version: "0.1.0",
            methods: [
                Method(
                    "duplicates.of", request: "articled.v1.DuplicatesRequest",
                    response: "articled.v1.DuplicatesResult", role: .read, flags: .idempotent),
                Method(
                    "duplicates.groups", request: "articled.v1.DuplicateGroupsRequest",
                    response: "articled.v1.DuplicateGroup", role: .read, flags: [.streamResponse, .idempotent]),
                Method(
                    "duplicates.status", request: "articled.v1.DuplicatesStatusRequest",
                    response: "articled.v1.DuplicatesStatus", role: .read, flags: .idempotent),
            ], needsStorage: true, needsDirectory: true)
    }

    let storage: any ArticleStorage
    let following: IndexFollower<DuplicateIndex>
    let workers: Workers
    /// The similarity from which on articles are near-identical, unless a request says otherwise.
    let threshold: Float

    public static func check(_ configuration: PluginConfiguration) throws { _ = try Settings(configuration) }

    public init(context: PluginContext) throws {
        let settings = try Settings(context.configuration)
        storage = try context.storage
        threshold = Float(settings.threshold)
        workers = try Workers(
            "duplicates", count: settings.workers, maxWaiting: settings.maxWaiting,
            waiting: "comparisons are waiting for a thread")
        following = Self.follower(
            context, storage, commitTime: UInt64(settings.commitSeconds * 1_000_000_000))
        following.start()
    }

    /// What keeps the index in the plugin's directory up to date.
    ///
    /// - Parameter commitTime: when changes are brought to disk, in nanoseconds after the commit before.
    static func follower(
        _ context: PluginContext, _ storage: any ArticleStorage, commitTime: UInt64
    ) -> IndexFollower<DuplicateIndex> {
        let directory = context.directory
        return IndexFollower(
            context, storage: storage,
            IndexFollower.Plugin(
                name: "duplicates", commitTime: commitTime,
                open: { (anew) throws(IndexError) in try DuplicateIndex(directory: directory, anew: anew) }))
    }

    public func handle(_ call: Call, _ responder: consuming Responder) async throws {
        switch MethodIndex(rawValue: call.method) {
        case .of: responder.respond(try await duplicates(try DuplicatesRequest(decoding: call.payload)))
        case .groups: try await groups(try DuplicateGroupsRequest(decoding: call.payload), responder)
        case .status: responder.respond(try await status())
        case nil: throw ServiceError(.internal, "the plugin has no method \(call.method)")
        }
    }

    private func status() async throws(ServiceError) -> DuplicatesStatus {
        let stored = try storage.statistics().records
        // The index may be busy: it is asked on a thread of the plugin.
        return try await workers.run { [following] in
            let figures = following.index?.figures ?? IndexFigures()
            let visible = following.visible
            return DuplicatesStatus(
                complete: visible?.isComplete ?? false, articles: figures.articles, stored: stored,
                bytes: figures.bytes, segments: figures.segments, sequence: visible?.position.sequence ?? 0,
                problem: following.problem ?? "")
        }
    }

    public func stop() {
        following.stop()
        workers.stop()
    }

    public var health: Health {
        guard let problem = following.problem else { return .healthy }
        return Health(.degraded, problem)
    }

    public var metrics: [Metric] {
        let figures = following.index?.figures ?? IndexFigures()
        return [
            .gauge("articles", Double(figures.articles), "Articles in the index."),
            .gauge("segments", Double(figures.segments), "Parts of the index."),
            .gauge("index_bytes", Double(figures.bytes), unit: "bytes", "Size of the index on disk."),
            .gauge(
                "buffered_bytes", Double(figures.bufferedBytes), unit: "bytes",
                "Memory of articles that are not yet in a part of the index."),
        ] + following.metrics
    }
}

extension Duplicates {
    /// The plugin's section of the configuration.
    public struct Settings: Decodable, Sendable {
        /// The similarity from which on articles are near-identical.
        var threshold: Double
        /// Threads for comparisons.
        var workers: Int
        /// The most comparisons that may wait for a thread; further ones are refused.
        var maxWaiting: Int
        /// When changes are brought to disk, after the commit before.
        var commitSeconds: Double

        enum CodingKeys: String, CodingKey {
            case threshold
            case workers
            case maxWaiting
            case commitSeconds
        }

        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            threshold = try values.decodeIfPresent(Double.self, forKey: .threshold) ?? 0.5
            workers = try values.decodeIfPresent(Int.self, forKey: .workers) ?? 2
            maxWaiting = try values.decodeIfPresent(Int.self, forKey: .maxWaiting) ?? 256
            commitSeconds = try values.decodeIfPresent(Double.self, forKey: .commitSeconds) ?? 10
        }

        /// Throws `invalidArgument`, with everything that is wrong.
        init(_ configuration: PluginConfiguration) throws(ServiceError) {
            self = try configuration.decode(Settings.self) { settings, problems in
                if !(0.3...1).contains(settings.threshold) {
                    problems.add("threshold", "\(settings.threshold); 0.3 to 1 are allowed")
                }
                if !(1...64).contains(settings.workers) {
                    problems.add("workers", "\(settings.workers); 1 to 64 are allowed")
                }
                if !(1...65_536).contains(settings.maxWaiting) {
                    problems.add("maxWaiting", "\(settings.maxWaiting); 1 to 65536 are allowed")
                }
                if !(0.1...3600).contains(settings.commitSeconds) {
                    problems.add("commitSeconds", "\(settings.commitSeconds); 0.1 to 3600 are allowed")
                }
            }
        }
    }
}
