// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
import Glibc
internal import HandlerKit
internal import IndexFollowing
internal import Synchronization

/// The signatures of all articles, in segments on disk and, for the latest ones, in memory.
///
/// It is a log-structured merge tree. New articles are collected in memory, a commit writes them into a segment, and segments
/// of about the same size are merged. So the disk sees long writes only, and each file has a checksum. A B-tree would write a
/// page for each of the 32 bands of an article.
final class DuplicateIndex: FollowedIndex {
    /// A segment with fewer articles is written again, with the new ones, by the next commit.
    private static let young = 1024
    /// So many segments of about the same size are merged.
    private static let mergeCount = 8

    struct Live: Sendable {
        let segment: Segment
        /// The articles that are gone, or have been replaced.
        var dead: BitSet

        var alive: Int { segment.count - dead.members }
    }

    fileprivate struct State {
        var recent = RecentArticles()
        var segments: [Live] = []
        var committed: CommittedState?
        var nextSegment: UInt64 = 1
    }

    private let directory: String
    private let lock: DirectoryLock
    fileprivate let state = Mutex(State())
    /// Held while segments and the manifest are written.
    private let writing = Mutex(())
    private let isClosed = Atomic(false)

    private var manifest: String { directory + "/manifest" }

    private func path(of segment: UInt64) -> String { "\(directory)/\(segment).segment" }

    /// Opens the index in a directory, or creates one. Reads all of its files, to check them.
    ///
    /// - Parameters:
    ///   - directory: which exists; the index is in a subdirectory.
    ///   - anew: removes the index that is there.
    /// - Throws: `damaged` if there is one that cannot be used.
    init(directory: String, anew: Bool = false) throws(IndexError) {
        let index = directory + "/index"
        self.directory = index
        lock = try DirectoryLock(directory)
        guard unsafe mkdir(index, 0o750) == 0 || errno == EEXIST else { throw IndexFile.failure("create", index) }
        // First what is needed to open it, so that a crash leaves none that is half removed.
        if anew { try IndexFile.remove(manifest) }
        let manifest = try Manifest.load(manifest) ?? Manifest()
        var segments: [Live] = []
        for entry in manifest.entries {
            let segment = try Segment(path(of: entry.segment), number: entry.segment)
            guard segment.count == entry.dead.count else {
                throw IndexFile.damaged(path(of: entry.segment), "it has another number of articles")
            }
            segments.append(Live(segment: segment, dead: entry.dead))
        }
        // What a crash has left.
        let known = Set(["manifest"] + manifest.entries.map { "\($0.segment).segment" })
        for name in try IndexFile.names(in: index) where !known.contains(name) {
            try IndexFile.remove("\(index)/\(name)")
        }
        state.withLock { [segments] state in
            state.segments = segments
            state.committed = manifest.committed
            state.nextSegment = manifest.nextSegment
        }
    }

    var committed: CommittedState? { state.withLock { $0.committed } }

    func close() {
        isClosed.store(true, ordering: .relaxed)
        writing.withLock { _ in lock.unlock() }
    }

    private func checkOpen() throws(IndexError) {
        if isClosed.load(ordering: .relaxed) { throw IndexError(kind: .aborted, message: "the index is closed") }
    }

    // MARK: Changes

    func update(_ document: IndexDocument) throws(IndexError) {
        guard let signature = Signature(Shingles(document)) else { return try delete(document.id) }
        let article = SketchedArticle(id: document.id, time: document.time, signature: signature)
        let isFull = try state.withLock { (state) throws(IndexError) in
            // Many changes do not concern the text: a classification, say.
            if state.recent[article.id] == article { return false }
            if try !state.removeFromSegments(article.id, unless: article) { return false }
            state.recent.insert(article)
            return state.recent.count >= RecentArticles.limit
        }
        if isFull { try write(nil) }
    }

    func delete(_ id: ArticleID) throws(IndexError) {
        try state.withLock { (state) throws(IndexError) in
            state.recent.remove(id)
            _ = try state.removeFromSegments(id, unless: nil)
        }
    }

    func commit(_ committed: CommittedState) throws(IndexError) { try write(committed) }

    /// Brings the articles in memory to disk, with the state, if there is a new one.
    private func write(_ committed: CommittedState?) throws(IndexError) {
        try writing.withLock { (_) throws(IndexError) in
            try checkOpen()
            let (recent, segments, number) = state.withLock { state in
                if let committed { state.committed = committed }
                return (state.recent, state.segments, state.nextSegment)
            }
            let young = segments.filter { $0.segment.count < Self.young }
            var articles: [SketchedArticle] = []
            recent.visit { articles.append($0) }
            if articles.isEmpty, recent.count == 0 { return try saveManifest() }
            for live in young {
                let all = try live.segment.articles(from: 0, count: live.segment.count)
                for (number, article) in all.enumerated() where !live.dead.contains(number) { articles.append(article) }
            }
            articles.sort { $0.id < $1.id }
            try replace(young, recent: recent, number) { [articles] (path) throws(IndexError) in
                if !articles.isEmpty { try SegmentWriter.write(articles, to: path) }
                return !articles.isEmpty
            }
        }
    }

    /// Writes a segment that replaces others and the articles in memory, all as they were when `write` began.
    ///
    /// - Parameter write: writes it; returns `false` if no article is left.
    private func replace(
        _ replaced: [Live], recent: RecentArticles, _ number: UInt64,
        _ write: (String) throws(IndexError) -> Bool
    ) throws(IndexError) {
        let path = path(of: number)
        var new: Live?
        do throws(IndexError) {
            if try write(path) {
                let segment = try Segment(path, number: number)
                new = Live(segment: segment, dead: BitSet(count: segment.count))
            }
        } catch {
            // It may be cut off: the disk may be full.
            try? IndexFile.remove(path)
            throw error
        }
        try state.withLock { [new] (state) throws(IndexError) in
            var new = new
            // What went meanwhile is gone from the new segment, too.
            for (place, article) in recent.articles.enumerated()
            where recent.isAlive[place] && !state.recent.isAlive[place] {
                try new?.remove(article.id)
            }
            for before in replaced {
                guard let now = state.segments.first(where: { $0.segment.number == before.segment.number }) else {
                    continue
                }
                for place in 0..<before.segment.count where now.dead.contains(place) && !before.dead.contains(place) {
                    for id in try before.segment.ids(from: place, count: 1) { try new?.remove(id) }
                }
            }
            let gone = Set(replaced.map(\.segment.number))
            state.segments.removeAll { gone.contains($0.segment.number) }
            if let new { state.segments.append(new) }
            state.recent.removeFirst(recent.count)
            state.nextSegment = number &+ 1  // from a file
        }
        try saveManifest()
        for live in replaced { try IndexFile.remove(self.path(of: live.segment.number)) }
    }

    private func saveManifest() throws(IndexError) {
        var next = Manifest()
        state.withLock { state in
            next.committed = state.committed
            next.nextSegment = state.nextSegment
            next.entries = state.segments.map { Manifest.Entry(segment: $0.segment.number, dead: $0.dead) }
        }
        try next.save(manifest, in: directory)
    }

    // MARK: Merging

    var needsMerge: Bool { !mergeable(state.withLock { $0.segments }).isEmpty }

    /// The segments to merge next, if there are any: as many of about the same size, or one that has lost half its articles.
    private func mergeable(_ segments: [Live]) -> [Live] {
        let grown = segments.filter { $0.segment.count >= Self.young }
        let tiers = Dictionary(grouping: grown) { live in
            // Each tier has segments eight times as large as the one before.
            (Int.bitWidth - (live.segment.count / Self.young).leadingZeroBitCount - 1) / 3
        }
        let full = tiers.filter { $0.value.count >= Self.mergeCount }
        if let least = full.keys.min(), let tier = full[least] { return Array(tier.prefix(Self.mergeCount)) }
        return grown.first { 2 * $0.dead.members > $0.segment.count }.map { [$0] } ?? []
    }

    func merge() throws(IndexError) {
        try writing.withLock { (_) throws(IndexError) in
            try checkOpen()
            let (segments, number) = state.withLock { ($0.segments, $0.nextSegment) }
            let sources = mergeable(segments)
            guard !sources.isEmpty else { return }
            let merge = SegmentMerge(sources.map { SegmentMerge.Source(segment: $0.segment, dead: $0.dead) }) {
                [isClosed = ClosedFlag(self)] in isClosed.isSet
            }
            try replace(sources, recent: RecentArticles(), number) { (path) throws(IndexError) in
                guard merge.articles > 0 else { return false }
                try merge.write(to: path)
                return true
            }
        }
    }

    private struct ClosedFlag {
        private let index: DuplicateIndex
        init(_ index: DuplicateIndex) { self.index = index }
        var isSet: Bool { index.isClosed.load(ordering: .relaxed) }
    }

    // MARK: Looking

    /// The index as it is now.
    var snapshot: IndexSnapshot {
        state.withLock { IndexSnapshot(recent: $0.recent, segments: $0.segments) }
    }

    var figures: IndexFigures {
        state.withLock { state in
            IndexFigures(
                articles: UInt64(state.segments.reduce(state.recent.alive) { $0 + $1.alive }),
                segments: UInt64(state.segments.count),
                bytes: UInt64(state.segments.reduce(0) { $0 + $1.segment.bytes }),
                bufferedBytes: UInt64(state.recent.count * RecentArticles.bytesPerArticle))
        }
    }
}

/// Sizes of the index.
struct IndexFigures: Sendable, Equatable {
    var articles: UInt64 = 0
    var segments: UInt64 = 0
    /// On disk.
    var bytes: UInt64 = 0
    /// In memory, of articles that are not yet in a segment.
    var bufferedBytes: UInt64 = 0
}

extension DuplicateIndex.Live {
    /// Marks an article as gone, if it is there.
    fileprivate mutating func remove(_ id: ArticleID) throws(IndexError) {
        if let number = try segment.find(id) { dead.insert(number) }
    }
}

extension DuplicateIndex.State {
    /// Marks an article in a segment as gone.
    ///
    /// - Parameter same: what the article is now. Returns `false`, and leaves it, if it was so before.
    fileprivate mutating func removeFromSegments(
        _ id: ArticleID, unless same: SketchedArticle?
    ) throws(IndexError) -> Bool {
        for place in segments.indices {
            guard let number = try segments[place].segment.find(id), !segments[place].dead.contains(number) else {
                continue
            }
            // One in memory is newer, and its earlier one is gone already.
            if let same, try segments[place].segment.articles(from: number, count: 1).first == same { return false }
            segments[place].dead.insert(number)
        }
        return true
    }
}
