// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol
internal import Synchronization

extension ArticleStorage {
    /// Follows the storage's changes, from a position on, for as long as the task lives:
    ///
    /// ```swift
    /// for try await batch in storage.changes(after: position) {
    ///     if batch.startsAnew { index.removeAll() }
    ///     for change in batch.changes { index.apply(change) }
    ///     position = batch.position  // and keep it: the next start goes on from there
    /// }
    /// ```
    ///
    /// - Parameter position: where to go on; `nil` begins with all records.
    public func changes(after position: ChangePosition?) -> ChangeFeed { ChangeFeed(storage: self, after: position) }

    /// The position behind the last change, for a reader that wants only what comes from now on.
    public func lastPosition() async throws(ServiceError) -> ChangePosition {
        let query = ChangeQuery(.end)
        if let progress = try lend(query, { _ in true }) { return progress.position }
        return try await fetch(query).progress.position
    }
}

/// Some changes, in order.
public struct ChangeBatch: Sendable {
    /// The changes. Empty if the batch only tells that the reader has caught up.
    public var changes: [Change]
    /// Keep this once the changes are taken over: it is where to go on after a restart.
    public var position: ChangePosition
    /// This batch is the first of all records: there was no position, or the storage no longer knows what was deleted since
    /// then. Forget all that was taken over before.
    public var startsAnew: Bool
    /// There is nothing newer, for now.
    public var isCaughtUp: Bool
}

/// The changes of a storage as a sequence that never ends. It waits for new changes without polling.
///
/// Use one iterator, in one task. A reader that is slow costs the writers nothing: what it has not read is in the storage
/// only. It throws errors of the storage; begin again from the last position, after a while.
public struct ChangeFeed: AsyncSequence, Sendable {
    /// Some changes.
    public typealias Element = ChangeBatch
    /// Why the storage cannot be read.
    public typealias Failure = ServiceError

    let storage: any ArticleStorage
    let start: ChangePosition?

    init(storage: any ArticleStorage, after position: ChangePosition?) {
        self.storage = storage
        start = position
    }

    /// Creates an iterator.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(storage, start) }

    /// Reads batches, one at a time.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let storage: any ArticleStorage
        private let signal: ChangeSignal?
        private var position: ChangePosition?
        private var startsAnew: Bool
        private var tail = ChangeTail()
        /// The reader knows that there was nothing newer.
        private var isTold = false

        init(_ storage: any ArticleStorage, _ start: ChangePosition?) {
            self.storage = storage
            // Before the first read, so that no change between the two is missed.
            signal = ChangeSignal(storage)
            position = start
            startsAnew = start == nil
        }

        /// The next batch. It has at most 256 changes, and about a megabyte of contents.
        public mutating func next() async throws(ServiceError) -> ChangeBatch? {
            try await next(isolation: #isolation)
        }

        /// The next batch.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ServiceError) -> ChangeBatch? {
            while true {
                if let page = try await read() {
                    let caughtUp = tail.isReached(page.progress, after: position)
                    let hasAdvanced = position != page.progress.position
                    position = page.progress.position
                    defer { (startsAnew, isTold) = (false, caughtUp || isTold && page.changes.isEmpty) }
                    if !page.changes.isEmpty || startsAnew || caughtUp && !isTold {
                        return ChangeBatch(
                            changes: page.changes, position: page.progress.position, startsAnew: startsAnew,
                            isCaughtUp: caughtUp)
                    }
                    // The storage has looked at many changes that no longer count. There are more.
                    if hasAdvanced, !caughtUp { continue }
                }
                guard let signal else {
                    throw ServiceError(.unimplemented, "the storage does not tell of changes")
                }
                if Task.isCancelled { throw ServiceError(.cancelled, "the task was cancelled") }
                await signal.wait()
            }
        }

        /// The changes after the position. Without one, or if the storage no longer knows it, those from the beginning.
        private mutating func read() async throws(ServiceError) -> ChangePage? {
            do throws(ServiceError) {
                return try await page(ChangeQuery(position.map { .after($0) } ?? .beginning))
            } catch {
                guard error.code == .outOfRange, position != nil else { throw error }
            }
            (position, startsAnew) = (nil, true)
            return try await page(ChangeQuery(.beginning))
        }

        private func page(_ query: ChangeQuery) async throws(ServiceError) -> ChangePage {
            if let page = try ChangePage(lentBy: storage, query) { return page }
            return try await storage.fetch(query)
        }
    }
}

/// Wakes whoever waits for new changes of a storage.
///
/// May be used on any thread. Only one task may wait.
public final class ChangeSignal: Sendable {
    private struct State {
        var isSet = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private final class Shared: Sendable {
        let state = Mutex(State())

        func set() {
            let waiting = state.withLock { state in
                state.isSet = state.waiting == nil
                return state.waiting.take()
            }
            waiting?.resume()
        }
    }

    private let shared: Shared
    private let watch: ChangeWatch

    /// Begins to watch; `nil` if the storage has no changes to follow.
    public init?(_ storage: any ArticleStorage) {
        let shared = Shared()
        guard let watch = storage.watchChanges({ shared.set() }) else { return nil }
        self.shared = shared
        self.watch = watch
    }

    /// Returns when there may have been changes since the last call returned, or the task is cancelled.
    public func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = shared.state.withLock { state in
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
            shared.set()
        }
    }
}
