// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
import Glibc
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Classifies articles that were stored with the mark that they await topics (`store.classify` in the configuration),
/// on a thread of its own, after their writers were answered. Also unloads the model when it is not needed.
///
/// The mark is in the storage's index, and the write that adds the topics removes it, so nothing is forgotten when
/// the service ends, however it ends. If someone else changes the article in the meantime, that write wins, and the
/// article keeps its mark.
final class Incoming: Sendable {
    /// The most articles to read at once, and to write in one commit.
    private static let maxArticles = 64
    private static let maxBytes = 4 << 20
    /// How often to check the storage for new writes, in nanoseconds.
    private static let pause: UInt64 = 1_000_000_000
    /// How long to wait after an error of the storage, in nanoseconds.
    private static let patience: UInt64 = 30_000_000_000
    /// How long the model stays loaded when nothing is classified, in nanoseconds.
    private static let modelIdleTime: UInt64 = 300_000_000_000

    private let storage: any ArticleStorage
    private let classifier: CurrentClassifier
    private let log: PluginLog
    /// Damaged articles that were already logged. They keep their mark.
    private let damaged = Mutex<Set<ArticleID>>([])
    private let isStopped = Atomic(false)
    private let stopping = Semaphore()
    private let ended = Semaphore()

    /// Starts the thread.
    init(storage: any ArticleStorage, classifier: CurrentClassifier, log: PluginLog) throws(ServiceError) {
        self.storage = storage
        self.classifier = classifier
        self.log = log
        do throws(SystemError) {
            try Thread.detach("classify-new") { [self] in run() }
        } catch {
            throw ServiceError(.unavailable, "cannot start a thread for new articles: \(error.text)")
        }
    }

    /// Stops after the current articles, and waits for the thread to end.
    func stop() {
        if isStopped.exchange(true, ordering: .relaxed) { return }
        stopping.signal()
        ended.wait()
    }

    private func run() {
        // Runs after requests, where the system permits: on Linux, niceness applies to a single thread.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        var seen: UInt64?
        var trouble: ServiceError?
        repeat {
            do throws(ServiceError) {
                let transactions = try storage.statistics().transactions
                if transactions != seen, try classifyAll() == 0 { seen = transactions }
                trouble = nil
            } catch {
                // Once, not every time.
                if error != trouble { log.warning("new articles cannot be classified: \(error.message)") }
                trouble = error
            }
            if classifier.value.unload(ifUnusedFor: Self.modelIdleTime) { log.debug("unloaded the model") }
        } while !stopping.wait(nanoseconds: trouble == nil ? Self.pause : Self.patience)
        ended.signal()
    }

    /// Classifies the marked articles, newest first, until none is left or the plugin stops.
    ///
    /// - Returns: the number of articles changed.
    /// - Throws: if the storage cannot be read or written.
    private func classifyAll() throws(ServiceError) -> Int {
        var terms = TermList()
        terms.appendAwaitsTopics()
        var query = StorageQuery(terms: terms, limit: Self.maxArticles)
        var changed = 0
        while !isStopped.load(ordering: .relaxed) {
            let (articles, last) = try read(query)
            guard let last else { break }
            changed += try store(articles)
            query.after = last
        }
        if changed > 0 { log.debug("classified \(changed) new articles") }
        return changed
    }

    private func read(_ query: StorageQuery) throws(ServiceError) -> ([ArticleText], StorageQuery.Position?) {
        var articles: [ArticleText] = []
        var bytes = 0
        var last: StorageQuery.Position?
        try storage.scan(query) { record in
            last = StorageQuery.Position(time: record.time, id: record.id)
            bytes += record.content.byteCount
            switch ArticleText.read(record) {
            case .success(let article): articles.append(article)
            case .failure(let error):
                if damaged.withLock({ $0.insert(record.id).inserted }) {
                    log.warning("\(error.message); it is not classified")
                }
            }
            return bytes < Self.maxBytes
        }
        return (articles, last)
    }

    /// Writes the topics of these articles, and waits until they are on disk.
    private func store(_ articles: [ArticleText]) throws(ServiceError) -> Int {
        let outcome = Mutex((changed: 0, trouble: ServiceError?.none))
        let answered = Semaphore()
        guard !articles.isEmpty else { return 0 }
        let scoring = try classifier.value.waitForScoring()
        var written = 0
        for article in articles {
            let classification = scoring.classify(article.parts, explain: false)
            do throws(ServiceError) {
                // An article without a confident answer only loses its mark.
                let content =
                    classification.undecided ? article.content : try article.content(with: classification)
                try article.replace(with: content, in: storage) { result in
                    outcome.withLock { outcome in
                        switch result.outcome {
                        // A concurrent write wins.
                        case .refused(let error) where error.code == .conflict || error.code == .notFound: break
                        case .refused(let error): outcome.trouble = error
                        case .created, .updated, .unchanged, .deleted: outcome.changed += 1
                        }
                    }
                    answered.signal()
                }
                written += 1
            } catch {
                if damaged.withLock({ $0.insert(article.id).inserted }) {
                    log.warning("the article \(article.id) cannot be given topics: \(error.message)")
                }
            }
        }
        for _ in 0..<written { answered.wait() }
        let (changed, trouble) = outcome.withLock { $0 }
        if let trouble { throw trouble }
        return changed
    }
}
