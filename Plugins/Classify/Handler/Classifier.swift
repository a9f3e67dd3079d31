// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
import Glibc
internal import LinuxRuntime
internal import Synchronization
internal import TopicModel

/// A verified model that is loaded only while it is needed. May be used on any thread.
///
/// The model would be most of an idle service's memory. So it is read once to verify it, and again when a text is to
/// be classified. That takes a few milliseconds on a thread of its own, while the requests wait and event loops
/// continue. The file stays open, so that a new model under the same name does not become this one.
final class Classifier: Sendable {
    /// The model's name and checksum.
    let identity: String
    /// The answer to classify.topics.
    let topicsResult: TopicsResult
    /// The path that the model was read from.
    var path: String { file.path }

    private let file: ModelFile
    private let checksum: UInt32
    private let threshold: Float
    private let state: Mutex<State>

    private enum State {
        case absent
        case loading([Waiter])
        case present(Scoring)
    }

    typealias Waiter = @Sendable (Result<Scoring, ServiceError>) -> Void

    /// Reads and verifies the model.
    ///
    /// - Parameter keepsLoaded: whether the model stays loaded, for requests that are about to come.
    init(settings: Classify.Settings, keepsLoaded: Bool = false) throws(ServiceError) {
        let path = if let named = settings.model { named } else { try ModelLocation.find() }
        let model: TopicModel
        do throws(TopicModelError) {
            file = try ModelFile(path: path)
            model = try TopicModel(file)
        } catch {
            throw Self.refused(error)
        }
        checksum = model.checksum
        identity = model.identity
        threshold = settings.threshold ?? model.threshold
        topicsResult = TopicsResult(
            topics: model.topics.map { topic in
                TopicDescription(
                    slug: topic.slug, name: topic.name, trainingArticles: UInt64(clamping: topic.trainingArticles))
            }, model: model.identity, threshold: threshold)
        state = Mutex(keepsLoaded ? .present(Scoring(model, threshold: threshold)) : .absent)
        if keepsLoaded { watchUse() }
    }

    /// What is wrong with a model file; nil if it can be used. Reads all of it, which takes some milliseconds.
    ///
    /// - Parameter path: nil for the file that comes with the plugin.
    static func problem(withModel path: String?) -> String? {
        do {
            _ = try TopicModel(path: try path ?? ModelLocation.find())
            return nil
        } catch let error as TopicModelError {
            return error.message
        } catch {
            return (error as? ServiceError)?.message ?? "\(error)"
        }
    }

    /// The model, if it is loaded.
    var scoring: Scoring? {
        state.withLock { state in
            if case .present(let scoring) = state { scoring } else { nil }
        }
    }

    /// The model. If it is not loaded, loads it while the task waits.
    func loadedScoring() async throws(ServiceError) -> Scoring {
        if let scoring { return scoring }
        let result: Result<Scoring, ServiceError> = await withCheckedContinuation { continuation in
            whenLoaded { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// The model. If it is not loaded, loads it while the thread waits; not for event loops.
    func waitForScoring() throws(ServiceError) -> Scoring {
        if let scoring { return scoring }
        let kept = Mutex<Result<Scoring, ServiceError>?>(nil)
        let loaded = Semaphore()
        whenLoaded { result in
            kept.withLock { $0 = result }
            loaded.signal()
        }
        loaded.wait()
        guard let result = kept.withLock({ $0 }) else { throw ServiceError(.internal, "the model was not loaded") }
        return try result.get()
    }

    /// Unloads the model if it was not used for `nanoseconds`. Requests that are using it keep it until they are
    /// done.
    ///
    /// - Returns: whether it was unloaded.
    func unload(ifUnusedFor nanoseconds: UInt64) -> Bool {
        // This may release the last reference, which must not happen under the lock.
        let given: Scoring? = state.withLock { state in
            guard case .present(let scoring) = state, MonotonicClock.now &- scoring.lastUse >= nanoseconds else {
                return nil
            }
            state = .absent
            return scoring
        }
        return given != nil
    }

    /// Unloads the model once it has not been used for a while. Runs only while it is loaded.
    private func watchUse() {
        Task.detached { [weak self] in
            while let isLoaded = self?.isStillLoaded, isLoaded {
                try? await Task.sleep(for: .nanoseconds(Int64(Self.idleTime / 10)))
            }
        }
    }

    private var isStillLoaded: Bool { !unload(ifUnusedFor: Self.idleTime) && scoring != nil }

    /// How long the model stays loaded when nothing is classified, in nanoseconds.
    private static let idleTime: UInt64 = 300_000_000_000

    /// Calls `waiter` once, now or on the thread that loads the model. The model is loaded once for all waiters.
    private func whenLoaded(_ waiter: @escaping Waiter) {
        enum Step {
            case use(Scoring)
            case wait
            case load
        }
        let step: Step = state.withLock { state in
            switch state {
            case .present(let scoring): return .use(scoring)
            case .loading(let others):
                state = .loading(others + [waiter])
                return .wait
            case .absent:
                state = .loading([waiter])
                return .load
            }
        }
        switch step {
        case .use(let scoring): waiter(.success(scoring))
        case .wait: break
        case .load:
            do throws(SystemError) {
                try Thread.detach("classify-model") { [self] in finish(read()) }
            } catch {
                finish(.failure(ServiceError(.unavailable, "cannot start a thread to read the model: \(error.text)")))
            }
        }
    }

    private func read() -> Result<Scoring, ServiceError> {
        do throws(TopicModelError) {
            let model = try TopicModel(file)
            guard model.checksum == checksum else {
                let message = "\(path) was overwritten since it was checked: reload articled to use the new one"
                return .failure(ServiceError(.failedPrecondition, "classify.model: \(message)"))
            }
            return .success(Scoring(model, threshold: threshold))
        } catch {
            return .failure(Self.refused(error))
        }
    }

    private func finish(_ result: Result<Scoring, ServiceError>) {
        let waiting: [Waiter] = state.withLock { state in
            guard case .loading(let waiting) = state else { return [] }
            state = if case .success(let scoring) = result { .present(scoring) } else { .absent }
            return waiting
        }
        if case .success = result { watchUse() }
        for waiter in waiting { waiter(result) }
    }

    private static func refused(_ error: TopicModelError) -> ServiceError {
        ServiceError(.failedPrecondition, "classify.model: \(error.message)")
    }
}

/// The classifier in use. A reload replaces it while requests still use the old one.
final class CurrentClassifier: Sendable {
    private let slot: Mutex<Classifier>

    init(_ classifier: Classifier) { slot = Mutex(classifier) }

    var value: Classifier {
        get { slot.withLock { $0 } }
        set { slot.withLock { $0 = newValue } }
    }
}

/// Finds the model that comes with the plugin, for when the configuration names none.
enum ModelLocation {
    static let fileName = "news-vi.topics"

    /// Searches in this order: `models` next to the library; `models` next to the library's directory (as installed:
    /// /usr/lib/articled/models); the share directory of the same prefix; that of the system; and
    /// `Plugins/Classify/Model` in a parent directory (a checkout, where SwiftPM builds into `.build`).
    static func find() throws(ServiceError) -> String {
        let folder = try libraryFolder()
        var places = ["\(folder)/models", "\(folder)/../models", "\(folder)/../../../share/articled/models"]
        places.append("/usr/share/articled/models")
        var above = folder
        for _ in 0..<6 {
            above = parent(of: above)
            places.append("\(above == "/" ? "" : above)/Plugins/Classify/Model")
            if above == "/" { break }
        }
        for place in places {
            let path = "\(place)/\(fileName)"
            if unsafe access(path, R_OK) == 0 { return path }
        }
        throw ServiceError(
            .failedPrecondition,
            "no topic model: \(fileName) is neither in \(places[0]) nor in \(places[3]). Name one in the configuration: "
                + "classify.model")
    }

    /// The directory of this library, with symbolic links resolved.
    private static func libraryFolder() throws(ServiceError) -> String {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let size = unsafe clinux_library_path(#dsohandle, &path, Int(PATH_MAX))
        guard size > 0, let resolved = unsafe realpath(path, nil) else {
            throw ServiceError(
                .internal, "the plugin cannot determine its own path. Name a model in the configuration: classify.model"
            )
        }
        defer { unsafe free(resolved) }
        return unsafe parent(of: String(cString: resolved))
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
