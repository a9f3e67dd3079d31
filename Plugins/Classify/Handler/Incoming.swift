// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Classifies articles that were stored without topics (`newArticles` in the configuration), in the background, after
/// their writers were answered.
///
/// It follows the storage's changes, and keeps its position in a file, so nothing is forgotten when the service ends,
/// however it ends. If someone else changes an article in the meantime, that write wins, and is a change of its own.
final class Incoming: Sendable {
    /// How often the position is saved while there is work, in nanoseconds.
    private static let savePause: UInt64 = 1_000_000_000

    private let context: PluginContext
    private let storage: any ArticleStorage
    private let classifier: CurrentClassifier
    private let log: PluginLog
    private let file: PositionFile
    private let state = Mutex(State())
    /// Damaged articles that were already logged.
    private let damaged = Mutex<Set<ArticleID>>([])

    private struct State {
        var work: BackgroundWork?
        /// The number of the present work. Work that was switched off may still run, and must not save its position.
        var number = 0
        /// When and where the present work was switched on; `nil` if it goes on from a saved position.
        var start: Start?

        /// Throws `cancelled` if the work of this number was switched off.
        func check(_ number: Int) throws(ServiceError) {
            guard self.number == number else { throw ServiceError(.cancelled, "it was switched off") }
        }
    }

    /// Where work begins that has saved no position yet.
    private struct Start {
        /// Behind the last change at that time. `nil`: the storage could not tell at once, so the work looks at all records.
        var position: ChangePosition?
        /// Milliseconds since 1970-01-01T00:00:00Z.
        var time: Int64
    }

    init(_ context: PluginContext, storage: any ArticleStorage, classifier: CurrentClassifier) {
        self.context = context
        self.storage = storage
        self.classifier = classifier
        log = context.log
        file = PositionFile("\(context.directory)/position")
    }

    /// Switches the classification of new articles on or off. What is stored once this has returned is classified. While it
    /// is off, nothing runs, and what is stored is left as it is, also when it is switched on again.
    func set(_ isOn: Bool) {
        state.withLock { state in
            if isOn {
                guard state.work == nil else { return }
                state.number += 1
                let number = state.number
                state.start = startingNow()
                state.work = context.background("new articles") { [self] in try await run(number) }
                return
            }
            state.number += 1
            state.work?.cancel()
            (state.work, state.start) = (nil, nil)
            do throws(ServiceError) { try file.remove() } catch { log.warning(error.message) }
        }
    }

    /// Where to begin, unless a position is saved, or was, and cannot be read: then the work says so. The work itself may begin much later, on a busy machine.
    private func startingNow() -> Start? {
        do throws(ServiceError) { if try file.load() != nil { return nil } } catch { return nil }
        let time = clinux_wall_clock_ms()
        guard let progress = try? storage.lend(ChangeQuery(.end), { _ in true }) else {
            return Start(position: nil, time: time)
        }
        do throws(ServiceError) { try file.save(progress.position) } catch { log.warning(error.message) }
        return Start(position: progress.position, time: time)
    }

    /// Follows the changes until the task is cancelled.
    private func run(_ number: Int) async throws {
        try await classifyMarked(number)
        let (position, time, isFirst) = try start(number)
        var unsaved: ChangePosition?
        var lastSave = MonotonicClock.now
        // After a restore from a backup all articles come again. Those from before the last position were seen. Nor are
        // those to be classified that were acknowledged before the work was switched on, and are changes only since.
        var isRepeated = isFirst
        for try await batch in storage.changes(after: position) {
            // What was stored since it was switched off may be in this batch.
            try state.withLock { state throws(ServiceError) in try state.check(number) }
            if batch.startsAnew { isRepeated = true }
            let articles = batch.changes.filter { change in
                change.kind == .put && (!isRepeated || change.record.storedAt >= time)
            }
            try await classify(articles.map(\.record))
            if batch.isCaughtUp { isRepeated = false }
            unsaved = batch.position
            if batch.isCaughtUp || MonotonicClock.elapsed(from: lastSave, to: MonotonicClock.now) >= Self.savePause {
                try save(batch.position, number)
                (unsaved, lastSave) = (nil, MonotonicClock.now)
            }
            try Task.checkCancellation()
        }
        if let unsaved { try save(unsaved, number) }
    }

    /// Where the work begins or goes on, and whether it is where it was switched on.
    private func start(
        _ number: Int
    ) throws(ServiceError) -> (position: ChangePosition?, time: Int64, isFirst: Bool) {
        let saved = try file.load()
        return try state.withLock { state throws(ServiceError) in
            try state.check(number)
            // The file may have been removed since the switch.
            if saved == nil, state.start == nil { state.start = startingNow() }
            if let saved { return (saved.position, saved.savedAt, saved.position == state.start?.position) }
            guard let first = state.start else { throw ServiceError(.unavailable, "\(file.path) cannot be read") }
            return (first.position, first.time, true)
        }
    }

    /// Throws `cancelled` if the work was switched off.
    private func save(_ position: ChangePosition, _ number: Int) throws(ServiceError) {
        try state.withLock { state throws(ServiceError) in
            try state.check(number)
            try file.save(position)
        }
    }

    /// Formerly, `store.put` marked the articles that were to be classified with a term.
    private func classifyMarked(_ number: Int) async throws(ServiceError) {
        var terms = TermList()
        terms.append("w:topics", RawSpan())
        var query = StorageQuery(terms: terms, limit: 64)
        while true {
            var records: [RecordCopy] = []
            try await storage.scan(query) { record in
                records.append(RecordCopy(record))
                return true
            }
            guard let last = records.last else { return }
            try state.withLock { state throws(ServiceError) in try state.check(number) }
            try await classify(records)
            query.after = StorageQuery.Position(time: last.time, id: last.id)
        }
    }

    /// Gives topics to those that have none, and waits until they are on disk.
    private func classify(_ records: [RecordCopy]) async throws(ServiceError) {
        let articles = records.compactMap { record in
            switch record.lend({ ArticleText.read($0) }) {
            case .success(let article): return article.hasTopics ? nil : article
            case .failure(let error):
                report(record.id, "\(error.message); it is not classified")
                return nil
            }
        }
        guard !articles.isEmpty else { return }
        let scoring = try await classifier.value.loadedScoring()
        var written: [Task<WriteResult, any Error>] = []
        for article in articles {
            let classification = scoring.classify(article.parts, explain: false, language: article.language)
            // An article without a confident answer stays as it is.
            if classification.undecided { continue }
            do throws(ServiceError) {
                let content = try article.content(with: classification)
                written.append(Task { [storage] in try await article.replace(with: content, in: storage) })
            } catch {
                report(article.id, "the article \(article.id) cannot be given topics: \(error.message)")
            }
        }
        for task in written {
            guard case .success(let result) = await task.result else { continue }
            switch result.outcome {
            // A concurrent write wins.
            case .refused(let error) where error.code == .conflict || error.code == .notFound: break
            case .refused(let error): throw error
            case .created, .updated, .unchanged, .deleted: break
            }
        }
        log.debug("classified \(written.count) new articles")
    }

    /// Once for each article.
    private func report(_ id: ArticleID, _ text: String) {
        if damaged.withLock({ $0.insert(id).inserted }) { log.warning(text) }
    }
}
