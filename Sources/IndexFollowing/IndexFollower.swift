// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
import Glibc
package import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Keeps an index up to date with the storage's changes.
///
/// Two pieces of background work share the plugin's thread. *Follow* puts changes into the index. *Refresh* makes them
/// visible a quarter of a second later, and brings them to disk every few seconds, with the position of the last one. What
/// a crash takes away comes again from the storage. Commits and merges have threads of their own, since they may take long.
///
/// If the index is missing, damaged or of another version, it is removed, and made anew from the beginning of the changes.
package final class IndexFollower<Index: FollowedIndex>: Sendable {
    /// What differs from plugin to plugin.
    package struct Plugin: Sendable {
        /// The beginning of the names of threads: "search".
        package var name: String
        /// When changes are brought to disk, in nanoseconds after the commit before.
        package var commitTime: UInt64
        /// Opens the index; `true`: removes the one that is there. Throws `damaged` if there is one that cannot be used.
        package var open: @Sendable (_ anew: Bool) throws(IndexError) -> Index
        /// The index was opened, and nothing was changed yet.
        package var opened: @Sendable (Index) throws(IndexError) -> Void
        /// Makes changes visible. Returns `false` if it is not yet the time.
        package var refresh: @Sendable (Index, _ isComplete: Bool) throws(IndexError) -> Bool

        package init(
            name: String, commitTime: UInt64, open: @escaping @Sendable (_ anew: Bool) throws(IndexError) -> Index,
            opened: @escaping @Sendable (Index) throws(IndexError) -> Void = { _ in },
            refresh: @escaping @Sendable (Index, _ isComplete: Bool) throws(IndexError) -> Bool = { _, _ in true }
        ) {
            self.name = name
            self.commitTime = commitTime
            self.open = open
            self.opened = opened
            self.refresh = refresh
        }
    }

    /// When changes become visible, after the first of them.
    private static var refreshPause: Duration { .milliseconds(250) }
    /// After this time without an error, in nanoseconds, the index works again.
    private static var calm: UInt64 { 300_000_000_000 }

    private let context: PluginContext
    private let storage: any ArticleStorage
    private let plugin: Plugin
    private let state = Mutex(State())
    private let signal = Signal()

    private struct State {
        /// nil before it is opened, and after an error.
        var index: Index?
        var work: BackgroundWork?
        var refreshing: BackgroundWork?
        /// Up to where the changes are in the index.
        var applied: CommittedState?
        /// What readers see of it.
        var visible: CommittedState?
        var committed: CommittedState?
        /// There are changes that are not visible.
        var isStale = false
        /// The threads that run.
        var running: Set<String> = []
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

    /// Starts nothing yet.
    package init(_ context: PluginContext, storage: any ArticleStorage, _ plugin: Plugin) {
        self.context = context
        self.storage = storage
        self.plugin = plugin
    }

    /// Starts to follow.
    package func start() {
        state.withLock { state in
            state.work = context.background("follow") { [self] in try await follow() }
            state.refreshing = context.background("refresh") { [self] in try await refresh() }
        }
    }

    /// Ends all work. What is not yet on disk comes again at the next start.
    package func stop() {
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
            } catch let error as IndexError {
                let problem = "the index: \(error.message)"
                state.withLock { state in
                    state.problem = problem
                    if error.kind == .damaged { state.removal = error.message }
                }
                throw ServiceError(.unavailable, problem)
            }
        }
    }

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

    private func apply(_ change: Change, to index: Index) throws {
        guard change.kind == .put else { return try index.delete(change.record.id) }
        let document: Result<IndexDocument, ServiceError> = change.record.lend { record in
            do throws(ServiceError) { return .success(try IndexDocument(record)) } catch { return .failure(error) }
        }
        switch document {
        case .success(let document): try index.update(document)
        case .failure(let error):
            let isNew = state.withLock { $0.damaged.insert(change.record.id).inserted }
            if isNew { context.log.warning("\(error.message); it is left out of the index") }
            try index.delete(change.record.id)
        }
    }

    /// Opens the index. One that cannot be used is removed.
    private func open() async throws -> Index {
        var reason = state.withLock { $0.removal }
        var attempt = 0
        while true {
            do throws(IndexError) {
                let index = try plugin.open(reason != nil)
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

    private func opened(_ index: Index, _ removal: String?) throws(IndexError) {
        if let removal { context.log.warning("\(removal); the index is made anew") }
        try plugin.opened(index)
        let committed = index.committed
        if committed?.isComplete != true { context.log.notice("the index is made from the articles in the storage") }
        state.withLock { state in
            state.index = index
            (state.applied, state.visible, state.committed) = (committed, committed, committed)
            state.isStale = false
            state.problem = nil
            state.lastCommit = MonotonicClock.now
            if removal != nil { (state.removal, state.rebuilds) = (nil, state.rebuilds + 1) }
        }
    }

    private func close(_ index: Index) {
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
                do throws(IndexError) { try step() } catch { restart(after: error) }
            } while isBehind
        }
    }

    /// Whether something remains to be done without another change.
    private var isBehind: Bool {
        state.withLock { $0.index != nil && ($0.isStale || $0.applied != $0.committed) }
    }

    private func step() throws(IndexError) {
        let now = MonotonicClock.now
        guard let index = state.withLock({ $0.index }) else { return }
        let (isStale, applied, commits) = state.withLock { state in
            // Here: a change that comes later is of the next refresh.
            defer { state.isStale = false }
            return (
                state.isStale, state.applied,
                state.applied != state.committed
                    && MonotonicClock.elapsed(from: state.lastCommit, to: now) >= plugin.commitTime
            )
        }
        var isVisible = true
        if isStale { isVisible = try plugin.refresh(index, applied?.isComplete == true) }
        state.withLock { state in
            if isVisible { state.visible = applied } else { state.isStale = true }
        }
        if commits { run("commit") { [self] () throws(IndexError) in try commit(index) } }
        guard index.needsMerge else { return }
        run("merge") { [self] () throws(IndexError) in
            try index.merge()
            // The next commit frees what was merged.
            state.withLock { state in
                state.isStale = true
                state.committed = nil
            }
        }
    }

    private func commit(_ index: Index) throws(IndexError) {
        guard let applied = state.withLock({ $0.applied }) else { return }
        try index.commit(applied)
        state.withLock { state in
            state.committed = applied
            state.lastCommit = MonotonicClock.now
        }
    }

    /// Does what takes long on a thread of its own, which yields to requests. Does nothing while the same is done already.
    private func run(_ task: String, _ body: @escaping @Sendable () throws(IndexError) -> Void) {
        let name = "\(plugin.name)-\(task)"
        guard state.withLock({ $0.running.insert(name).inserted }) else { return }
        do throws(SystemError) {
            try Thread.detach(name) { [self] in
                // In Linux, 0 is the calling thread.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
                do throws(IndexError) { try body() } catch {
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
    package func restart(after error: IndexError) {
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

    // MARK: State

    /// The index; nil before it is opened, and after an error.
    package var index: Index? { state.withLock { $0.index } }

    /// Why the index cannot be used or changed at present.
    package var problem: String? { state.withLock { $0.problem } }

    /// Up to where readers see the changes.
    package var visible: CommittedState? { state.withLock { $0.visible } }

    /// Whether readers see all articles.
    package var isComplete: Bool { visible?.isComplete ?? false }

    /// What is on disk.
    package var committed: CommittedState? { state.withLock { $0.committed } }

    /// How often the index was removed and made anew.
    package var rebuilds: UInt64 { state.withLock { $0.rebuilds } }

    /// The changes that were put into the index since the start.
    package var indexedChanges: UInt64 { state.withLock { $0.indexed } }

    /// What every index tells in the metrics.
    package var metrics: [Metric] {
        [
            .gauge("complete", isComplete ? 1 : 0, "1 if the index has all articles, 0 while it is made."),
            .counter("indexed", Double(indexedChanges), "Changes that were put into the index."),
            .counter("rebuilds", Double(rebuilds), "How often the index was removed and made anew."),
        ]
    }
}

/// The index has changes of a history that the storage no longer knows.
private struct StartsAnew: Error {}
