// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import IndexFollowing
internal import LinuxRuntime
internal import Synchronization

/// Keeps the search index up to date with the storage's changes, and its snapshots up to date with the index.
final class Follower: Sendable {
    /// When changes become visible while the index is made: each time costs a little, and few look for its first articles.
    private static let buildingRefreshTime: UInt64 = 5_000_000_000

    let snapshots: Snapshots
    private let following: IndexFollower<LuceneIndex>
    private let directory: String

    /// - Parameter commitTime: when changes are brought to disk, in nanoseconds after the commit before. What a crash takes
    ///   away comes again from the storage in a moment, and each commit syncs many files.
    init(
        _ context: PluginContext, storage: any ArticleStorage, bufferMegabytes: Double, commitTime: UInt64
    ) {
        let directory = context.directory
        let snapshots = Snapshots()
        let times = RefreshTimes()
        following = IndexFollower(
            context, storage: storage,
            IndexFollower.Plugin(
                name: "search", commitTime: commitTime,
                open: { (anew) throws(IndexError) in
                    try LuceneIndex(directory: directory, bufferMegabytes: bufferMegabytes, anew: anew)
                },
                opened: { (index) throws(IndexError) in
                    snapshots.set(try index.snapshot(after: nil))
                    times.refreshed()
                },
                refresh: { (index, isComplete) throws(IndexError) in
                    guard isComplete || times.sinceRefresh >= Self.buildingRefreshTime else { return false }
                    snapshots.set(try index.snapshot(after: snapshots.current?.snapshot))
                    times.refreshed()
                    return true
                }))
        self.directory = directory
        self.snapshots = snapshots
    }

    func start() { following.start() }

    /// Ends all work. What is not yet on disk comes again at the next start.
    func stop() { following.stop() }

    /// Opens the index again after an error, and makes it anew if it is damaged. May be called on any thread.
    func restart(after error: IndexError) { following.restart(after: error) }

    /// Why the index cannot be used or changed at present.
    var problem: String? { following.problem }

    /// Whether the index has all articles.
    var isComplete: Bool { following.isComplete }

    /// What is on disk.
    var committed: CommittedState? { following.committed }

    /// How often the index was removed and made anew.
    var rebuilds: UInt64 { following.rebuilds }

    /// The changes that were put into the index since the start.
    var indexedChanges: UInt64 { following.indexedChanges }

    private var articles: UInt64 { snapshots.current?.snapshot.articles ?? 0 }

    private var figures: IndexFigures { following.index?.figures ?? IndexFigures() }

    /// Without the number of stored articles. Reads the sizes of files.
    var status: SearchStatus {
        let visible = following.visible
        return SearchStatus(
            complete: visible?.isComplete ?? false, articles: articles, bytes: IndexFiles(directory).bytes,
            segments: figures.segments, sequence: visible?.position.sequence ?? 0, problem: problem ?? "")
    }

    var metrics: [Metric] {
        let figures = figures
        return [
            .gauge("articles", Double(articles), "Articles that can be found."),
            .gauge("segments", Double(figures.segments), "Parts of the index."),
            .gauge("index_bytes", Double(IndexFiles(directory).bytes), unit: "bytes", "Size of the index on disk."),
            .gauge(
                "buffered_bytes", Double(figures.bufferedBytes), unit: "bytes",
                "Memory of articles that are not yet in a part of the index."),
        ] + following.metrics
    }
}

/// When changes were made visible.
private final class RefreshTimes: Sendable {
    private let last = Atomic<UInt64>(0)

    func refreshed() { last.store(MonotonicClock.now, ordering: .relaxed) }

    /// Nanoseconds since the last time.
    var sinceRefresh: UInt64 { MonotonicClock.elapsed(from: last.load(ordering: .relaxed), to: MonotonicClock.now) }
}
