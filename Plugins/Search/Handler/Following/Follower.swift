// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
import Glibc
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Keeps the index up to date with the storage's changes.
///
/// Two pieces of background work share the plugin's thread. *Follow* puts changes into the index. *Refresh* makes them
/// visible a quarter of a second later, and brings them to disk every few seconds, with the position of the last one. What
/// a crash takes away comes again from the storage. Commits and merges have threads of their own, since they may take long.
///
/// If the index is missing, damaged or of another version, it is removed, and made anew from the beginning of the changes.
final class Follower: Sendable {
    /// When changes become visible, after the first of them.
    private static let refreshPause = Duration.milliseconds(250)
    /// The same while the index is made: each time costs a little, and few look for its first articles.
    private static let buildingRefreshTime: UInt64 = 5_000_000_000
    /// After this time without an error, in nanoseconds, the index works again.
    private static let calm: UInt64 = 300_000_000_000

    let snapshots = Snapshots()
    private let context: PluginContext
    private let storage: any ArticleStorage
    private let bufferMegabytes: Double
    /// When changes are brought to disk, in nanoseconds after the commit before. What a crash takes away comes again from the
    /// storage in a moment, and each commit syncs many files.
    private let commitTime: UInt64
    private let state = Mutex(State())
    private let signal = Signal()

    private struct State {
        /// nil before it is opened, and after an error.
        var index: (any SearchIndex)?
        var files: IndexFiles?
        var work: BackgroundWork?
        var refreshing: BackgroundWork?
        /// Up to where the changes are in the index.
        var applied: CommittedState?
        var committed: CommittedState?
        /// There are changes since the last snapshot.
        var isStale = false
        /// The threads that run.
        var running: Set<String> = []
        var lastRefresh: UInt64 = 0
        var lastCommit: UInt64 = 0
        /// Errors since the index last worked for a while, and the last of them.
        var failures = 0
        var lastFailure: UInt64 = 0
        /// Why the index is to be removed before it is opened again.
        var removal: String?
        var problem: String?
        var indexed: UInt64 = 0
        var rebuilds: UInt64 = 0
        /// Damaged articles that were already logged.
        var damaged: Set<ArticleID> = []
    }

    init(
        _ context: PluginContext, storage: any ArticleStorage, bufferMegabytes: Double, commitTime: UInt64
    ) {
        self.commitTime = commitTime
        self.context = context
        self.storage = storage
        self.bufferMegabytes = bufferMegabytes
    }

    func start() {
        state.withLock { state in
            state.work = context.background("follow") { [self] in try await follow() }
            state.refreshing = context.background("refresh") { [self] in try await refresh() }
        }
    }

    /// Ends all work. What is not yet on disk comes again at the next start.
    func stop() {
        let (work, refreshing) = state.withLock { ($0.work, $0.refreshing) }
        work?.cancel()
        refreshing?.cancel()
        signal.set()
    }

    // MARK: Following

    private func follow() async throws {
        while !Task.isCancelled {
            do {
                return try await followOnce()
            } catch is StartsAnew {
                state.withLock { $0.removal = "the storage's changes begin again" }
            } catch let error as SearchIndexError {
                let problem = "the index: \(error.message)"
                state.withLock { state in
                    state.problem = problem
                    if error.kind == .damaged { state.removal = error.message }
                }
                throw ServiceError(.unavailable, problem)
            }
        }
    }

    /// The index has changes of a history that the storage no longer knows.
    private struct StartsAnew: Error {}

    private func followOnce() async throws {
        // Not the whole time while a disk is full.
        let now = MonotonicClock.now
        let failures = state.withLock { state in
            MonotonicClock.elapsed(from: state.lastFailure, to: now) < Self.calm ? state.failures : 0
        }
        if failures > 0 { try await Task.sleep(for: Self.pause(after: failures)) }
        let index = try await open()
        defer { close(index) }
        let start = index.committed
        var isFirst = true
        for try await batch in storage.changes(after: start?.position) {
            if batch.startsAnew, !isFirst || start != nil { throw StartsAnew() }
            isFirst = false
            for (number, change) in batch.changes.enumerated() {
                try apply(change, to: index)
                try Task.checkCancellation()
                // *Refresh* has the same thread, and nothing else here waits while there are changes.
                if number % 32 == 31 { await Task.yield() }
            }
            await Task.yield()
            let isCompleted = state.withLock { state in
                let wasComplete = state.applied?.isComplete ?? false
                state.applied = CommittedState(
                    position: batch.position, isComplete: wasComplete || batch.isCaughtUp)
                state.isStale = state.isStale || !batch.changes.isEmpty
                state.indexed += UInt64(batch.changes.count)
                return batch.isCaughtUp && !wasComplete
            }
            if isCompleted { context.log.notice("the index has all articles") }
            signal.set()
        }
    }

    /// When the index is opened again after errors: after 100 ms, then after twice as long each time, up to a minute.
    private static func pause(after failures: Int) -> Duration {
        min(.milliseconds(100) * (1 << min(failures - 1, 16)), .seconds(60))
    }

    private func apply(_ change: Change, to index: any SearchIndex) throws {
        guard change.kind == .put else { return try index.delete(change.record.id) }
        let document: Result<IndexDocument, ServiceError> = change.record.lend { record in
            do throws(ServiceError) { return .success(try IndexDocument(record)) } catch { return .failure(error) }
        }
        switch document {
        case .success(let document): try index.update(document)
        case .failure(let error):
            let isNew = state.withLock { $0.damaged.insert(change.record.id).inserted }
            if isNew { context.log.warning("\(error.message); it cannot be found") }
            try index.delete(change.record.id)
        }
    }

    /// Opens the index. One that cannot be used is removed.
    private func open() async throws -> any SearchIndex {
        var reason = state.withLock { $0.removal }
        var attempt = 0
        while true {
            do throws(SearchIndexError) {
                let index = try LuceneIndex(
                    directory: context.directory, bufferMegabytes: bufferMegabytes, anew: reason != nil)
                try opened(index, reason)
                return index
            } catch {
                switch error.kind {
                // Work that was cancelled may still close it.
                case .locked where attempt < 100: try await Task.sleep(for: .milliseconds(100))
                case .damaged where reason == nil: reason = error.message
                default: throw error
                }
            }
            attempt += 1
        }
    }

    private func opened(_ index: LuceneIndex, _ removal: String?) throws(SearchIndexError) {
        if let removal { context.log.warning("\(removal); the index is made anew") }
        snapshots.set(try index.snapshot(after: nil))
        let committed = index.committed
        if committed?.isComplete != true { context.log.notice("the index is made from the articles in the storage") }
        state.withLock { state in
            state.index = index
            state.files = IndexFiles(context.directory)
            (state.applied, state.committed) = (committed, committed)
            state.isStale = false
            state.problem = nil
            state.lastCommit = MonotonicClock.now
            state.lastRefresh = MonotonicClock.now
            if removal != nil { (state.removal, state.rebuilds) = (nil, state.rebuilds + 1) }
        }
    }

    private func close(_ index: any SearchIndex) {
        state.withLock { $0.index = nil }
        // Saves work at the next start; whatever comes of it.
        try? commit(index)
        index.close()
    }

    // MARK: Refreshing

    private func refresh() async throws {
        while !Task.isCancelled {
            await signal.wait()
            repeat {
                try await Task.sleep(for: Self.refreshPause)
                do throws(SearchIndexError) { try step() } catch { restart(after: error) }
            } while isBehind
        }
    }

    /// Whether something remains to be done without another change.
    private var isBehind: Bool {
        state.withLock { $0.index != nil && ($0.isStale || $0.applied != $0.committed) }
    }

    private func step() throws(SearchIndexError) {
        let now = MonotonicClock.now
        let (index, isDue, commits) = state.withLock { state in
            let isBuilding = state.applied?.isComplete != true
            let waits =
                isBuilding && MonotonicClock.elapsed(from: state.lastRefresh, to: now) < Self.buildingRefreshTime
            return (
                state.index, state.isStale && !waits,
                state.applied != state.committed
                    && MonotonicClock.elapsed(from: state.lastCommit, to: now) >= commitTime
            )
        }
        guard let index else { return }
        if isDue {
            state.withLock { $0.isStale = false }
            snapshots.set(try index.snapshot(after: snapshots.current?.snapshot))
            state.withLock { $0.lastRefresh = MonotonicClock.now }
        }
        if commits { run("search-commit") { [self] () throws(SearchIndexError) in try commit(index) } }
        guard index.needsMerge else { return }
        run("search-merge") { [self] () throws(SearchIndexError) in
            try index.merge()
            // The next commit frees the files that were merged.
            state.withLock { state in
                state.isStale = true
                state.committed = nil
            }
        }
    }

    private func commit(_ index: any SearchIndex) throws(SearchIndexError) {
        guard let applied = state.withLock({ $0.applied }) else { return }
        try index.commit(applied)
        state.withLock { state in
            state.committed = applied
            state.lastCommit = MonotonicClock.now
        }
    }

    /// Does what takes long on a thread of its own, which yields to requests. Does nothing while the same is done already.
    private func run(_ name: String, _ body: @escaping @Sendable () throws(SearchIndexError) -> Void) {
        guard state.withLock({ $0.running.insert(name).inserted }) else { return }
        do throws(SystemError) {
            try Thread.detach(name) { [self] in
                // In Linux, 0 is the calling thread.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
                do throws(SearchIndexError) { try body() } catch {
                    if error.kind != .aborted { restart(after: error) }
                }
                state.withLock { _ = $0.running.remove(name) }
                signal.set()
            }
        } catch {
            state.withLock { _ = $0.running.remove(name) }
            context.log.warning("the thread \(name) cannot be started: \(error.text)")
        }
    }

    // MARK: Trouble

    /// Opens the index again after an error, and makes it anew if it is damaged. May be called on any thread.
    func restart(after error: SearchIndexError) {
        let isOpen = state.withLock { state in
            guard state.index != nil else { return false }
            state.index = nil
            if error.kind == .damaged { state.removal = error.message }
            state.problem = "the index: \(error.message)"
            let now = MonotonicClock.now
            let isNew = MonotonicClock.elapsed(from: state.lastFailure, to: now) > Self.calm
            (state.failures, state.lastFailure) = (isNew ? 1 : state.failures + 1, now)
            state.work?.cancel()
            state.work = context.background("follow") { [self] in try await follow() }
            return true
        }
        if isOpen { context.log.error("the index: \(error.message)") }
    }

    /// Why the index cannot be used or changed at present.
    var problem: String? { state.withLock { $0.problem } }

    /// Whether the index has all articles.
    var isComplete: Bool { state.withLock { $0.applied?.isComplete ?? false } }

    // MARK: Figures

    /// What is on disk.
    var committed: CommittedState? { state.withLock { $0.committed } }

    /// How often the index was removed and made anew.
    var rebuilds: UInt64 { state.withLock { $0.rebuilds } }

    /// The changes that were put into the index since the start.
    var indexedChanges: UInt64 { state.withLock { $0.indexed } }

    /// Without the number of stored articles. Reads the sizes of files.
    var status: SearchStatus {
        let articles = snapshots.current?.snapshot.articles ?? 0
        let (state, figures) = current
        return SearchStatus(
            complete: state.applied?.isComplete ?? false, articles: articles, bytes: state.files?.bytes ?? 0,
            segments: figures.segments, sequence: state.applied?.position.sequence ?? 0, problem: state.problem ?? "")
    }

    private var current: (State, IndexFigures) {
        let state = state.withLock { $0 }
        return (state, state.index?.figures ?? IndexFigures())
    }

    var metrics: [Metric] {
        let articles = snapshots.current?.snapshot.articles ?? 0
        let (state, figures) = current
        return [
            .gauge("articles", Double(articles), "Articles that can be found."),
            .gauge(
                "complete", state.applied?.isComplete == true ? 1 : 0,
                "1 if the index has all articles, 0 while it is made."),
            .gauge("segments", Double(figures.segments), "Parts of the index."),
            .gauge("index_bytes", Double(state.files?.bytes ?? 0), unit: "bytes", "Size of the index on disk."),
            .gauge(
                "buffered_bytes", Double(figures.bufferedBytes), unit: "bytes",
                "Memory of articles that are not yet in a part of the index."),
            .counter("indexed", Double(state.indexed), "Changes that were put into the index."),
            .counter("rebuilds", Double(state.rebuilds), "How often the index was removed and made anew."),
        ]
    }
}

/// Wakes one task. May be set on any thread.
final class Signal: Sendable {
    private struct State {
        var isSet = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Ends the present wait, or the next one.
    func set() {
        let waiting = state.withLock { state in
            state.isSet = state.waiting == nil
            return state.waiting.take()
        }
        waiting?.resume()
    }

    /// Waits until it is set, or the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    if state.isSet || Task.isCancelled {
                        state.isSet = false
                        return false
                    }
                    state.waiting = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            set()
        }
    }
}
