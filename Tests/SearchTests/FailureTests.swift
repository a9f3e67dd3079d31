// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Glibc
import HandlerKit
import IndexFollowing
import SearchText
import Testing

@testable import LMDBStorage
@testable import SearchHandler

/// A disk that is full, and a library that throws, cost no article.
@Suite("Search index failures") struct FailureTests {
    /// A text of words that no other one has.
    private static func text(_ number: Int) -> String {
        (0..<4000).map { "tu\(number)x\($0)" }.joined(separator: " ") + " chung"
    }

    private static let mayMount: Bool = {
        let directory = FileManager.default.temporaryDirectory.appending(path: "search-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        guard unsafe mount("tmpfs", directory, "tmpfs", 0, "size=1m") == 0 else { return false }
        return unsafe umount2(directory, Int32(MNT_DETACH)) == 0
    }()

    @Test(
        "a full disk is told, and nothing is missing once there is room",
        .enabled(if: mayMount, "a file system must be mounted"), .timeLimit(.minutes(5)))
    func fullDisk() async throws {
        var mounted = ""
        defer {
            unsafe umount2(mounted, Int32(MNT_DETACH))
            try? FileManager.default.removeItem(at: URL(filePath: mounted).deletingLastPathComponent())
        }
        let newsroom = try Newsroom { directory in
            mounted = directory.appending(path: "index").path
            try #require(unsafe mount("tmpfs", mounted, "tmpfs", 0, "size=2m") == 0)
        }
        var ids: Set<ArticleID> = []
        var number = 0
        while newsroom.follower.problem == nil {
            ids.insert(try await newsroom.put(Article(title: "Tin \(number)", body: Self.text(number))))
            newsroom.storage.commitPending()
            number += 1
            // Bounded, should the index never tell.
            try #require(number < 2000)
            try await Task.sleep(for: .milliseconds(10))
        }
        // The storage takes more.
        for _ in 0..<5 {
            ids.insert(try await newsroom.put(Article(title: "Tin \(number)", body: Self.text(number))))
            number += 1
        }
        let size = "size=512m"
        try #require(unsafe mount("tmpfs", mounted, "tmpfs", UInt(MS_REMOUNT), size) == 0)
        try await newsroom.wait(for: ids, "chung")
        try await newsroom.waitUntilCommitted()
        // Each by its own word, from what is on disk.
        newsroom.follower.stop()
        try await newsroom.waitUntilClosed()
        try newsroom.restart()
        try await newsroom.wait(for: ids, "chung")
        for number in 0..<number { #expect(try newsroom.find("tu\(number)x7").count == 1, "\(number)") }
    }

    @Test("files that disappear under the library cost no article", .timeLimit(.minutes(3)))
    func filesDisappear() async throws {
        let newsroom = try Newsroom()
        var ids: Set<ArticleID> = []
        for number in 0..<50 { ids.insert(try await newsroom.put(Article(title: "Tin \(number)", body: "chung"))) }
        try await newsroom.wait(for: ids, "chung")
        try await newsroom.waitUntilCommitted()
        for name in try FileManager.default.contentsOfDirectory(atPath: newsroom.indexDirectory) {
            try? FileManager.default.removeItem(atPath: newsroom.indexDirectory + "/" + name)
        }
        // The next commit meets it, unless a merge has replaced the files.
        for number in 50..<60 { ids.insert(try await newsroom.put(Article(title: "Tin \(number)", body: "chung"))) }
        try await newsroom.waitUntilCommitted()
        try await newsroom.wait(for: ids, "chung")
        // What is on disk is whole.
        newsroom.follower.stop()
        try await newsroom.waitUntilClosed()
        #expect(newsroom.follower.rebuilds <= 1)
        try newsroom.restart()
        try await newsroom.wait(for: ids, "chung")
        #expect(newsroom.follower.rebuilds == 0 && newsroom.follower.status.articles == UInt64(ids.count))
    }

    @Test("after a change that failed, nothing is committed that lacks it", .timeLimit(.minutes(1)))
    func noCommitAfterAFailure() async throws {
        await #expect(processExitsWith: .success) { exit(try Self.commitAfterAFailure()) }
    }

    /// A limit on the size of files is a full disk that needs no privileges.
    private static func commitAfterAFailure() throws -> Int32 {
        signal(SIGXFSZ, SIG_IGN)
        let directory = FileManager.default.temporaryDirectory.appending(path: "search-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        func state(_ sequence: UInt64) -> CommittedState {
            CommittedState(
                position: ChangePosition(epoch: .init(high: 1, low: 2), sequence: sequence), isComplete: true)
        }
        func document(_ number: Int) -> IndexDocument {
            IndexDocument(id: ArticleID(high: 1, low: UInt64(number)), time: 0, title: "Tin", body: text(number))
        }
        let index = try LuceneIndex(directory: directory, bufferMegabytes: 1)
        try index.update(document(1))
        try index.commit(state(1))
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        limit.rlim_cur = 64 << 10
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        var failure: IndexError?
        var number = 2
        while failure == nil, number < 1000 {
            do throws(IndexError) { try index.update(document(number)) } catch { failure = error }
            number += 1
        }
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        guard failure?.kind == .io, failure?.message.contains("File too large") == true else { return 1 }
        do throws(IndexError) {
            try index.commit(state(UInt64(number)))
            return 2
        } catch {
            guard error.kind == .aborted else { return 3 }
        }
        index.close()
        // The last commit is as it was.
        let again = try LuceneIndex(directory: directory)
        defer { again.close() }
        guard again.committed == state(1) else { return 4 }
        return try again.snapshot(after: nil).articles == 1 ? 0 : 5
    }
}
