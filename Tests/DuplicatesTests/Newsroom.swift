// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import HandlerKit
import IndexFollowing

@testable import DuplicatesHandler
@testable import LMDBStorage

/// Texts of words that follow one another as chance has it. The same seed gives the same text.
struct Texts {
    private var state: UInt64
    init(_ seed: UInt64) { state = Mixing.mix(seed) }

    mutating func next(below bound: Int) -> Int {
        state = Mixing.mix(state)
        return Int(state % UInt64(bound))
    }

    /// Vietnamese syllables, with marks.
    private static let syllables = Array(
        "lũ lụt miền trung đường phố học sinh thủ đô hà nội giá xăng dầu bóng đá việt nam người dân tăng giảm "
            + "chính phủ quốc hội kinh tế thị trường nông nghiệp thuỷ sản hoà bình hòa nhạc bệnh viện trường đại"
    ).split(separator: " ").map { String($0) }

    mutating func words(_ count: Int) -> [String] {
        (0..<count).map { _ in Self.syllables[next(below: Self.syllables.count)] }
    }

    mutating func text(_ count: Int) -> String { words(count).joined(separator: " ") }

    /// The text with one of `every` words replaced.
    mutating func changed(_ text: String, oneOf every: Int) -> String {
        text.split(separator: " ").map { next(below: every) == 0 ? "thay\(next(below: 10_000))" : String($0) }
            .joined(separator: " ")
    }
}

/// A storage and an index over it, in directories of their own.
final class Newsroom {
    let directory: URL
    let storage: LMDBEngine
    private(set) var follower: IndexFollower<DuplicateIndex>

    /// - Parameter change: is called with the directory before the index is opened.
    init(_ change: (URL) throws -> Void = { _ in }) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "duplicates-\(UUID().uuidString)")
        for name in ["storage", "index"] {
            try FileManager.default.createDirectory(
                at: directory.appending(path: name), withIntermediateDirectories: true)
        }
        storage = try LMDBEngine(EngineLimits(), directory: directory.appending(path: "storage").path)
        try change(directory)
        follower = Self.follower(directory, storage)
        follower.start()
    }

    private static func follower(_ directory: URL, _ storage: any ArticleStorage) -> IndexFollower<DuplicateIndex> {
        let context = PluginContext(directory: directory.appending(path: "index").path, storage: storage)
        return Duplicates.follower(context, storage, commitTime: 100_000_000)
    }

    deinit {
        follower.stop()
        storage.stop()
        try? FileManager.default.removeItem(at: directory)
    }

    var indexDirectory: String { directory.appending(path: "index/index").path }

    /// Stops, waits until nobody has the index open, and starts again.
    func restart(_ change: () throws -> Void = {}) async throws {
        follower.stop()
        while true {
            do throws(IndexError) {
                try DirectoryLock(directory.appending(path: "index").path).unlock()
                break
            } catch {
                guard error.kind == .locked else { throw error }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        try change()
        follower = Self.follower(directory, storage)
        follower.start()
    }

    @discardableResult
    func put(_ article: Article) async throws -> ArticleID { try await storage.put(article: article.encoded()).id }

    func delete(_ id: ArticleID) async { _ = await storage.write(StorageWrite(delete: id)) }

    /// The ids of the articles that may be similar to a text.
    func candidates(_ text: String, _ similarity: Double = 0.8) throws -> Set<ArticleID> {
        guard let index = follower.index, let signature = Signature(Shingles([text])) else { return [] }
        let least = Signature.leastEstimate(for: similarity)
        return Set(try index.snapshot.candidates(signature, leastEstimate: least).map(\.id))
    }

    func wait(for ids: Set<ArticleID>, _ text: String) async throws {
        storage.commitPending()
        while try candidates(text) != ids { try await Task.sleep(for: .milliseconds(20)) }
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
