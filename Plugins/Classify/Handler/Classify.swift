// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
public import HandlerKit
internal import Synchronization
internal import TopicModel
internal import WorkerThreads

/// Classifies articles by topic: classify.text, classify.article, classify.topics.
///
/// A short text is scored on the event loop, which takes less time than switching threads. A long text goes to a
/// worker thread of the plugin, so that no other request waits for it. After an idle period, the first requests wait
/// until the model is loaded again.
public struct Classify: Handler {
    /// The methods, in the order of the descriptor.
    enum MethodIndex: Int {
        case text
        case article
        case topics
    }

    /// Texts of at most this many bytes are scored on the event loop, in about 100 microseconds.
    static let maxBytesOnLoop = 6000

    public static var descriptor: PluginDescriptor {
        PluginDescriptor(
            name: "classify", version: "0.1.0",
            methods: [
                Method(
                    "classify.text", request: "articled.v1.ClassifyTextRequest",
                    response: "articled.v1.Classification", role: .read, flags: .idempotent),
                // Not idempotent because of `write_back`: a repeated call may undo a change made in between.
                Method(
                    "classify.article", request: "articled.v1.ClassifyArticleRequest",
                    response: "articled.v1.ClassifyArticleResult", role: .read),
                Method(
                    "classify.topics", request: "articled.v1.TopicsRequest", response: "articled.v1.TopicsResult",
                    role: .read, flags: .idempotent),
            ], needsStorage: true, needsDirectory: true)
    }

    let storage: any ArticleStorage
    let log: PluginLog
    let workers: Workers
    /// `reload` replaces it as a whole. Requests in flight keep the one that they started with.
    private let current: CurrentClassifier
    private let incoming: Incoming
    /// The settings at the start.
    private let settings: Settings

    /// Whether a service in this process uses the plugin. A check is then about a reload.
    private static let isStarted = Atomic(false)

    /// Reads the model, too: a reload must not fail when the rest of the configuration has taken effect already.
    ///
    /// A start reads it in any case. It checks only a model that the section names, since every cold start would wait
    /// some milliseconds for the other one.
    public static func check(_ configuration: PluginConfiguration) throws {
        _ = try Settings(configuration) { model in
            model != nil || isStarted.load(ordering: .relaxed) ? Classifier.problem(withModel: model) : nil
        }
    }

    public init(context: PluginContext) throws {
        Self.isStarted.store(true, ordering: .relaxed)
        let settings = try Settings(context.configuration)
        self.settings = settings
        storage = try context.storage
        log = context.log
        current = CurrentClassifier(try Classifier(settings: settings))
        workers = try Workers(
            "classify", count: settings.workers, maxWaiting: settings.mostWaiting,
            waiting: "long texts are waiting to be classified")
        incoming = Incoming(context, storage: storage, classifier: current)
        incoming.set(settings.newArticles)
        log.info("classifies with \(classifier.identity) from \(classifier.path)")
    }

    /// The classifier for new requests.
    var classifier: Classifier { current.value }

    public func answer(_ request: borrowing Request, _ responder: consuming Responder) -> Responder? {
        switch MethodIndex(rawValue: request.method) {
        case .text:
            guard request.payload.byteCount <= Classify.maxBytesOnLoop, let scoring = classifier.scoring else {
                return responder
            }
            answerText(request.payload, scoring, responder)
        case .topics: responder.respond(classifier.topicsResult)
        case .article, nil: return responder
        }
        return nil
    }

    public func handle(_ call: Call, _ responder: consuming Responder) async throws {
        switch MethodIndex(rawValue: call.method) {
        case .text:
            let request = try ClassifyTextRequest(decoding: call.payload)
            let size = call.payload.count
            let scoring = try await classifier.loadedScoring()
            let result =
                size <= Classify.maxBytesOnLoop
                ? scoring.classify(request) : try await workers.run { scoring.classify(request) }
            responder.respond(result)
        case .article: responder.respond(try await classifyArticle(call))
        case .topics, nil:
            throw ServiceError(.internal, "classify.\(call.method) should have been answered immediately")
        }
    }

    private func answerText(_ payload: RawSpan, _ scoring: Scoring, _ responder: consuming Responder) {
        do throws(ServiceError) {
            let request = try ClassifyTextRequest(decoding: payload)
            responder.respond(scoring.classify(request))
        } catch {
            responder.fail(error)
        }
    }

    /// Switches to another model or threshold. If the model cannot be read, the old one stays in use.
    public func reload(_ configuration: PluginConfiguration) throws {
        let settings = try Settings(configuration)
        let new = try Classifier(settings: settings, keepsLoaded: classifier.scoring != nil)
        let old = classifier.identity
        current.value = new
        if settings.workers != self.settings.workers || settings.mostWaiting != self.settings.mostWaiting {
            log.warning("workers and mostWaiting take effect only after a restart")
        }
        log.notice("classifies with \(new.identity) from \(new.path); before: \(old)")
        incoming.set(settings.newArticles)
    }

    public func stop() { workers.stop() }
}

extension Classify {
    /// The plugin's section of the configuration.
    public struct Settings: Decodable, Sendable {
        /// The model file. Default: the one that comes with the plugin.
        var model: String?
        /// The probability below which an answer is undecided. Default: the model's own.
        var threshold: Float?
        /// Threads for long texts.
        var workers: Int
        /// The most long texts that may wait for a thread; further ones are refused.
        var mostWaiting: Int
        /// Whether articles that are stored without topics get some.
        var newArticles: Bool

        enum CodingKeys: String, CodingKey {
            case model
            case threshold
            case workers
            case mostWaiting
            case newArticles
        }

        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            model = try values.decodeIfPresent(String.self, forKey: .model)
            threshold = try values.decodeIfPresent(Float.self, forKey: .threshold)
            workers = try values.decodeIfPresent(Int.self, forKey: .workers) ?? 1
            mostWaiting = try values.decodeIfPresent(Int.self, forKey: .mostWaiting) ?? 256
            newArticles = try values.decodeIfPresent(Bool.self, forKey: .newArticles) ?? false
        }

        /// Throws `invalidArgument`, with everything that is wrong.
        ///
        /// - Parameter modelProblem: tells what is wrong with the model file that the section names, or with the standard one.
        init(
            _ configuration: PluginConfiguration, modelProblem: (String?) -> String? = { _ in nil }
        ) throws(ServiceError) {
            self = try configuration.decode(Settings.self) { settings, problems in
                if let threshold = settings.threshold, !(0...1).contains(threshold) {
                    problems.add("threshold", "\(threshold) is not a probability: must be between 0 and 1")
                }
                if !(1...64).contains(settings.workers) {
                    problems.add("workers", "\(settings.workers); 1 to 64 are allowed")
                }
                if !(1...65_536).contains(settings.mostWaiting) {
                    problems.add("mostWaiting", "\(settings.mostWaiting); 1 to 65536 are allowed")
                }
                if let problem = modelProblem(settings.model) { problems.add("model", problem) }
            }
        }
    }
}
