// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import HandlerKit
import IndexFollowing
import SearchText

@testable import LMDBStorage
@testable import SearchHandler

/// A storage and an index over it, in directories of their own.
final class Newsroom {
    let directory: URL
    let storage: LMDBEngine
    private(set) var follower: Follower

    /// - Parameter change: is called with the directory before the index is opened.
    init(_ change: (URL) throws -> Void = { _ in }) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "search-\(UUID().uuidString)")
        for name in ["storage", "index"] {
            try FileManager.default.createDirectory(
                at: directory.appending(path: name), withIntermediateDirectories: true)
        }
        storage = try LMDBEngine(EngineLimits(), directory: directory.appending(path: "storage").path)
        try change(directory)
        follower = Self.follower(directory, storage)
        follower.start()
    }

    private static func follower(_ directory: URL, _ storage: any ArticleStorage) -> Follower {
        let context = PluginContext(directory: directory.appending(path: "index").path, storage: storage)
        return Follower(context, storage: storage, bufferMegabytes: 2, commitTime: 100_000_000)
    }

    deinit {
        follower.stop()
        storage.stop()
        try? FileManager.default.removeItem(at: directory)
    }

    var indexDirectory: String { directory.appending(path: "index/index").path }

    func restart(_ change: () throws -> Void = {}) throws {
        follower.stop()
        try change()
        follower = Self.follower(directory, storage)
        follower.start()
    }

    @discardableResult
    func put(_ article: Article) async throws -> ArticleID {
        try await storage.put(article: article.encoded()).id
    }

    func delete(_ id: ArticleID) async { _ = await storage.write(StorageWrite(delete: id)) }

    /// The ids of the articles found.
    func find(_ query: String) throws -> Set<ArticleID> {
        guard let snapshot = follower.snapshots.current?.snapshot else { return [] }
        let result = try snapshot.search(SnapshotRequest(query: QueryParser.parse(query), limit: 1000))
        return Set(result.hits.map(\.id))
    }

    /// Waits until the query finds exactly these.
    func wait(for ids: Set<ArticleID>, _ query: String) async throws {
        storage.commitPending()  // what is acknowledged becomes a change a little later
        while try find(query) != ids { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// Waits until nobody has the index open.
    func waitUntilClosed() async throws {
        while true {
            do throws(IndexError) {
                try LuceneIndex(directory: directory.appending(path: "index").path).close()
                return
            } catch {
                guard error.kind == .locked else { throw error }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Waits until everything is in the index, and the index is on disk.
    func waitUntilCommitted() async throws {
        storage.commitPending()
        let end = try await storage.lastPosition()
        while follower.committed?.position.sequence ?? 0 < end.sequence || follower.committed?.isComplete != true {
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
